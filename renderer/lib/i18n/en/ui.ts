/** Words of the dumb components. */
export const ui = {
  copyDetails: 'Copy details',
  sashHint: 'Drag to resize, double-click for the standard size',
  unsaved: 'unsaved',
  closeTab: 'Close {name}',
  close: 'Close',
  cancel: 'Cancel',
  retry: 'Try again',
  loading: 'Loading',
};
