/** 客户端页面的用语。 */
export const clients = {
  title: '客户端',
};
