/** Words of the Cluster page. */
export const cluster = {
  title: 'Cluster',
};
