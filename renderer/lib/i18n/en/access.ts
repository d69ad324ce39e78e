/** Words of the Access page. */
export const access = {
  title: 'Access',
};
