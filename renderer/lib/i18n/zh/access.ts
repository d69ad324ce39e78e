/** 访问控制页面的用语。 */
export const access = {
  title: '访问控制',
};
