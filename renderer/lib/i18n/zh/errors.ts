/** 按错误代码给出的提示。 */
export const errors = {
  title: '操作未成功',
  unexpected: '这是 Busbar 的缺陷。请复制详情并反馈。',
  hints: {
    LISTENER_PORT_IN_USE: '请停止占用该端口的程序，或修改监听器的绑定地址。',
    CLUSTER_PORT_IN_USE: '请停止占用该端口的程序，或设置 cluster.port。',
    API_PORT_IN_USE: '请停止占用该端口的程序，或修改控制台的绑定地址。',
    CLUSTER_NOT_RUNNING: '请先启动集群。',
    NODE_UNKNOWN: '请选择集群中的一个节点。',
    NODE_START_FAILED: '请打开该节点的日志，最后几行会说明原因。',
    CONNECTION_UNKNOWN: '请选择一个已保存的连接。',
    CLIENT_OFFLINE: '请先连接客户端。',
    CLIENT_REFUSED: '服务器拒绝了连接，原因码说明了理由。',
    NO_FREE_PORT: '请关闭本机上占用端口的程序。',
    PROJECT_UNREADABLE: '请修正该文件或打开另一个文件夹；没有任何内容被更改。',
    PROJECT_LOCKED: '请关闭已打开此项目的另一个 Busbar 窗口。',
    BAD_REQUEST: '调用不符合约定，消息中指出了字段。',
    UNKNOWN_CALL: '窗口与宿主的版本不同，请重新加载窗口。',
    HOST_BUSY: '请等待正在进行的调用结束后再试。',
    HOST_GONE: '工作台宿主已结束，请重新启动 Busbar。',
    INTERNAL: '这是 Busbar 的缺陷，日志中有详情。',
  },
};
