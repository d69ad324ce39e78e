/** The rules of a new project: those EMQX 5 ships (broker-contract.md section 1.6). */
export const SHIPPED_ACL = `%% Access rules. The first rule that fits decides; each ends with a dot.
%% {allow | deny, Who, publish | subscribe | all, [Topics]}.

%% The user "dashboard" may read the broker's own status messages.
{allow, {username, {re, "^dashboard$"}}, subscribe, ["$SYS/#"]}.

%% Clients on this machine may do everything. Put rules you want to try above this one.
{allow, {ipaddr, "127.0.0.1"}, all, ["$SYS/#", "#"]}.

%% Nobody else reads $SYS or subscribes to everything at once.
{deny, all, subscribe, ["$SYS/#", {eq, "#"}]}.

%% The rest is open. In production replace this by {deny, all}. and set authorization.no_match = deny.
{allow, all}.
`;
