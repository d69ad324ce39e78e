/** Words of the Clients page. */
export const clients = {
  title: 'Clients',
};
