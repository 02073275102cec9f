//! The servers that are measured, each a process, or several.

use std::process::Command;

use tempfile::TempDir;
use testing::api::Api;
use testing::process::Process;
use testing::redis::{RedisServer, free_port};
use testing::router::Router;

use crate::Outcome;

/// One of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Target {
    RouterInMemory,
    NchanInMemory,
    RouterOnRedis,
    NchanOnRedis,
}

impl Target {
    /// Beside each of the router's its counterpart.
    pub const ALL: [Self; 4] =
        [Self::RouterInMemory, Self::NchanInMemory, Self::RouterOnRedis, Self::NchanOnRedis];

    pub fn name(self) -> &'static str {
        match self {
            Self::RouterInMemory => "router",
            Self::NchanInMemory => "nchan",
            Self::RouterOnRedis => "router, Redis",
            Self::NchanOnRedis => "nchan, Redis",
        }
    }
}

/// A running server, and the Redis that it uses.
pub struct Server {
    pub address: String,
    target: Target,
    redis: Option<RedisServer>,
    program: Program,
}

enum Program {
    Router(Router),
    Nginx { process: Process, _directory: TempDir },
}

impl Server {
    pub fn start(target: Target) -> Outcome<Self> {
        let on_redis = matches!(target, Target::RouterOnRedis | Target::NchanOnRedis);
        let redis = on_redis.then(RedisServer::start);
        let (address, program) = match target {
            Target::RouterInMemory | Target::RouterOnRedis => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
                command.env_clear();
                let url = redis.as_ref().map(RedisServer::url);
                let router = Router::launch(command, url.as_deref());
                (router.url.trim_start_matches("http://").to_owned(), Program::Router(router))
            }
            Target::NchanInMemory | Target::NchanOnRedis => start_nginx(redis.as_ref())?,
        };
        Ok(Self { address, target, redis, program })
    }

    /// Makes conversations, or names channels.
    pub async fn conversations(&self, number: usize) -> Vec<String> {
        let api = Api::at(&format!("http://{}", self.address));
        let mut names = Vec::new();
        for number in 0..number {
            names.push(match self.program {
                Program::Router(_) => api.create().await,
                Program::Nginx { .. } => number.to_string(),
            });
        }
        names
    }

    /// The head of a request for a stream.
    pub fn stream_request(&self, conversation: &str) -> String {
        let path = match self.program {
            Program::Router(_) => conversation.to_owned(),
            Program::Nginx { .. } => format!("/stream/{conversation}"),
        };
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
    }

    /// A request that sends a message with some content.
    pub fn send_request(&self, conversation: &str, content: &str) -> String {
        let body = format!(
            r#"{{"sender":"customer","content":"{content}","timestamp":"2025-04-05T14:01:00Z"}}"#
        );
        let path = match self.program {
            Program::Router(_) => format!("{conversation}/messages"),
            Program::Nginx { .. } => format!("/send/{conversation}"),
        };
        let length = body.len();
        format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}")
    }

    /// Milliseconds of processor time that the server and its Redis have used.
    pub fn processor_time(&self) -> u64 {
        let redis = self.redis.as_ref().map_or(0, RedisServer::processor_time);
        redis + self.processes().iter().map(|id| testing::process::processor_time(*id)).sum::<u64>()
    }

    /// Kilobytes of memory that the server has, without its Redis.
    pub fn resident(&self) -> u64 {
        self.processes().iter().map(|id| testing::process::resident(*id)).sum()
    }

    fn processes(&self) -> Vec<u32> {
        let id = match &self.program {
            Program::Router(router) => router.process.0.id(),
            Program::Nginx { process, .. } => process.0.id(),
        };
        // nginx's workers are its master's children.
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let children = children.unwrap_or_default();
        let children = children.split_whitespace().filter_map(|id| id.parse().ok());
        std::iter::once(id).chain(children).collect()
    }

    pub fn target(&self) -> Target {
        self.target
    }
}

impl Drop for Server {
    /// Ends nginx's workers as well, which would outlive a master that is killed.
    fn drop(&mut self) {
        if let Program::Nginx { process, .. } = &mut self.program {
            process.signal("TERM");
            let _ = process.0.wait();
        }
    }
}

fn start_nginx(redis: Option<&RedisServer>) -> Outcome<(String, Program)> {
    let directory = tempfile::tempdir()?;
    let address = format!("127.0.0.1:{}", free_port());
    let upstream =
        redis.map(|redis| format!("upstream redis {{ nchan_redis_server {}; }}", redis.url()));
    let pass = if redis.is_some() { "nchan_redis_pass redis;" } else { "" };
    let channel = format!("nchan_channel_id $1; nchan_message_buffer_length 1000; {pass}");
    let configuration = format!(
        "load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
         daemon off; pid nginx.pid; error_log stderr crit;
         worker_processes auto; worker_rlimit_nofile 20000;
         events {{ worker_connections 10000; }}
         http {{
             access_log off; nchan_max_reserved_memory 512M; {}
             server {{
                 listen {address} backlog=8192;
                 keepalive_requests 1000000;
                 location ~ ^/stream/(\\w+)$ {{ nchan_subscriber eventsource; {channel} }}
                 location ~ ^/send/(\\w+)$ {{ nchan_publisher; {channel} }}
             }}
         }}",
        upstream.unwrap_or_default()
    );
    let path = directory.path().join("nginx.conf");
    std::fs::write(&path, configuration)?;
    let mut command = Command::new("nginx");
    command.arg("-p").arg(directory.path()).arg("-c").arg(&path);
    let process = Process::start(&mut command, "local/scripts/bench.sh installs nginx and nchan.");
    testing::wait::wait_until("nginx listens", || std::net::TcpStream::connect(&address).is_ok());
    Ok((address, Program::Nginx { process, _directory: directory }))
}
