//! The commands that ElastiCache Serverless supports, as its documentation lists them:
//! <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/SupportedCommands.html>.

use testing::redis::RedisServer;

/// By the documentation's groups. A subcommand follows its command after a bar.
const SUPPORTED: [&str; 15] = [
    "bitcount bitfield bitfield_ro bitop bitpos getbit setbit",
    "cluster|countkeysinslot cluster|getkeysinslot cluster|info cluster|keyslot cluster|myid \
     cluster|nodes cluster|replicas cluster|shards cluster|slots readonly readwrite script|show",
    "auth client|getname client|reply client|setname echo hello ping quit reset select",
    "copy del dump exists expire expireat expiretime persist pexpire pexpireat pexpiretime pttl \
     randomkey rename renamenx restore scan sort sort_ro touch ttl type unlink",
    "geoadd geodist geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro \
     geosearch geosearchstore",
    "hdel hexists hget hgetall hincrby hincrbyfloat hkeys hlen hmget hmset hrandfield hscan hset \
     hsetnx hstrlen hvals",
    "pfadd pfcount pfmerge",
    "blmove blmpop blpop brpop brpoplpush lindex linsert llen lmove lmpop lpop lpos lpush lpushx \
     lrange lrem lset ltrim rpop rpoplpush rpush rpushx",
    "publish pubsub|channels pubsub|numsub pubsub|shardchannels pubsub|shardnumsub spublish \
     ssubscribe subscribe sunsubscribe unsubscribe",
    "eval eval_ro evalsha evalsha_ro script|exists script|flush script|load",
    "acl|cat acl|genpass acl|getuser acl|list acl|users acl|whoami dbsize command command|count \
     command|docs command|getkeys command|getkeysandflags command|info command|list flushall \
     flushdb info lolwut role time",
    "sadd scard sdiff sdiffstore sinter sintercard sinterstore sismember smembers smismember smove \
     spop srandmember srem sscan sunion sunionstore",
    "bzmpop bzpopmax bzpopmin zadd zcard zcount zdiff zdiffstore zincrby zinter zintercard \
     zinterstore zlexcount zmpop zmscore zpopmax zpopmin zrandmember zrange zrangebylex \
     zrangebyscore zrangestore zrank zrem zremrangebylex zremrangebyrank zremrangebyscore zrevrange \
     zrevrangebylex zrevrangebyscore zrevrank zscan zscore zunion zunionstore",
    "xack xadd xautoclaim xclaim xdel xgroup|create xgroup|createconsumer xgroup|delconsumer \
     xgroup|destroy xgroup|setid xinfo|consumers xinfo|groups xinfo|stream xlen xpending xrange \
     xread xreadgroup xrevrange xtrim",
    "append decr decrby get getdel getex getrange getset incr incrby incrbyfloat lcs mget mset \
     msetnx psetex set setex setnx setrange strlen substr discard exec multi",
];

/// The rules that refuse each other command of a server.
pub fn refusals(redis: &RedisServer) -> Vec<String> {
    let supported: Vec<&str> = SUPPORTED.iter().flat_map(|group| group.split(' ')).collect();
    let commands = redis.command(&["COMMAND", "LIST"]);
    let commands = commands.lines().filter(|line| !line.starts_with(['*', '$']));
    let is_supported = |command: &str| {
        let parts_of_it = format!("{command}|");
        supported.iter().any(|it| *it == command || it.starts_with(&parts_of_it))
    };
    commands.filter(|command| !is_supported(command)).map(|command| format!("-{command}")).collect()
}
