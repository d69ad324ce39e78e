/** 基础组件的用语。 */
export const ui = {
  copyDetails: '复制详情',
  sashHint: '拖动调整大小，双击恢复标准大小',
  unsaved: '未保存',
  closeTab: '关闭 {name}',
  close: '关闭',
  cancel: '取消',
  retry: '重试',
  loading: '正在加载',
};
