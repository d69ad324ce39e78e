/**
 * What Redis does at once and alone for a session (R71). The fence is checked on every write: a node that was thought dead, or was paused
 * while another one went on, finds its writes refused. Writes are numbered, so that one sent again counts once.
 *
 *     <prefix>:{<client id>}:meta    hash: f = fence, o = node that has it, n = number of the last write
 *     <prefix>:{<client id>}:log     list of batches
 *     <prefix>:claimed:<node id>     set of client ids
 *     <prefix>:nodes                 hash: node id → name
 */

/** After the end of a session its fence is remembered for so long, against writes that come late. */
const FORGET_AFTER_MS = 86_400_000;

/** KEYS: meta, log. ARGV: operation, fence, then as it needs. */
export const SESSION_SCRIPT = `
local meta, log = KEYS[1], KEYS[2]
local op, fence = ARGV[1], ARGV[2]
local known = redis.call('HGET', meta, 'f')
local last = tonumber(redis.call('HGET', meta, 'n') or '0')
if op == 'claim' then
  local owner, clientid, claimed = ARGV[3], ARGV[4], ARGV[5]
  if known and tonumber(known) > tonumber(fence) then return {'stale', known} end
  local before = redis.call('HGET', meta, 'o')
  if before and before ~= owner then redis.call('SREM', claimed .. before, clientid) end
  redis.call('HSET', meta, 'f', fence, 'o', owner, 'n', last)
  redis.call('PERSIST', meta)
  redis.call('SADD', claimed .. owner, clientid)
  return {'claimed', last, redis.call('LRANGE', log, 0, -1)}
end
if known ~= fence then return {'stale'} end
local number = tonumber(ARGV[3])
if number <= last then return {'stored'} end
if number > last + 1 then return {'gap'} end
if op == 'append' then
  redis.call('RPUSH', log, ARGV[4])
elseif op == 'replace' then
  redis.call('DEL', log)
  redis.call('RPUSH', log, ARGV[4])
else
  redis.call('DEL', log)
  redis.call('SREM', ARGV[5] .. redis.call('HGET', meta, 'o'), ARGV[4])
  redis.call('PEXPIRE', meta, ${FORGET_AFTER_MS})
end
redis.call('HSET', meta, 'n', number)
return {'stored'}
`;
