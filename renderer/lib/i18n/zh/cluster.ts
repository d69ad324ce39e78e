/** 集群页面的用语。 */
export const cluster = {
  title: '集群',
};
