//! A way to Redis that can be made to fail.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the proxy does with what it is given to carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Carries it.
    None,
    /// Loses the next answer, and cuts the connection on which it came.
    LoseAnswer,
    /// Carries the first half of the next answer, and cuts the connection.
    CutAnswer,
    /// Keeps requests back on the connections that there are, until [`Proxy::release`]; the
    /// client sees silence. Connections made later are carried.
    HoldRequests,
}

/// A proxy in front of a server on this machine.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    target: AtomicU16,
    fault: Mutex<Fault>,
    /// Counts [`Proxy::cut`]: connections made before it end.
    cuts: watch::Sender<u32>,
    /// Counts releases of requests that were held.
    releases: watch::Sender<u32>,
    /// How many connections there have been, and how many of them hold their requests.
    connections: Mutex<(u32, u32)>,
    /// The connection that carries nothing any more; none is 0.
    silent: AtomicU32,
    /// How many answers are still carried.
    answers_left: AtomicU32,
    /// Milliseconds by which each answer is late.
    delay: AtomicU32,
}

impl Proxy {
    /// Carries to a port of this machine.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            target: AtomicU16::new(port),
            fault: Mutex::new(Fault::None),
            cuts: watch::Sender::new(0),
            releases: watch::Sender::new(0),
            connections: Mutex::default(),
            silent: AtomicU32::new(0),
            answers_left: AtomicU32::new(u32::MAX),
            delay: AtomicU32::new(0),
        });
        tokio::spawn(accept(listener, shared.clone()));
        Self { address, shared }
    }

    /// The URL by which clients reach Redis through it.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// New connections lead to another port, as after a name was given to another address.
    pub fn lead_to(&self, port: u16) {
        self.shared.target.store(port, Ordering::SeqCst);
    }

    /// Ends all connections.
    pub fn cut(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Does this from now on; a fault of one answer happens once.
    pub fn fail(&self, fault: Fault) {
        *self.shared.fault.lock().expect("unpoisoned") = fault;
        if fault == Fault::HoldRequests {
            let mut connections = self.shared.connections.lock().expect("unpoisoned");
            connections.1 = connections.0;
        }
    }

    /// Loses all answers but the next few, also those on connections made later.
    pub fn silence_after(&self, answers: u32) {
        self.shared.answers_left.store(answers, Ordering::SeqCst);
    }

    /// Delays each answer from now on.
    pub fn delay(&self, delay: Duration) {
        self.shared.delay.store(delay.as_millis() as u32, Ordering::SeqCst);
    }

    /// Loses from now on all that is said on the newest connection, which stays open.
    pub fn silence_newest(&self) {
        let newest = self.connections();
        self.shared.silent.store(newest, Ordering::SeqCst);
    }

    /// How many connections there have been.
    pub fn connections(&self) -> u32 {
        self.shared.connections.lock().expect("unpoisoned").0
    }

    /// Carries on what was held, though its client may have gone.
    pub fn release(&self) {
        self.fail(Fault::None);
        self.shared.releases.send_modify(|releases| *releases += 1);
    }

    /// Whether the fault of one answer has happened.
    pub fn has_failed(&self) -> bool {
        *self.shared.fault.lock().expect("unpoisoned") == Fault::None
    }
}

impl Shared {
    /// The fault that befalls an answer, once.
    fn take_answer_fault(&self) -> Fault {
        let mut fault = self.fault.lock().expect("unpoisoned");
        match *fault {
            Fault::LoseAnswer | Fault::CutAnswer => std::mem::replace(&mut *fault, Fault::None),
            Fault::None | Fault::HoldRequests => Fault::None,
        }
    }

    /// Whether another answer is to be carried.
    fn takes_an_answer(&self) -> bool {
        let less = |left: u32| left.checked_sub(1);
        self.answers_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
    }

    fn loses(&self, connection: u32) -> bool {
        self.silent.load(Ordering::SeqCst) == connection
    }

    fn holds(&self, connection: u32) -> bool {
        let held = self.connections.lock().expect("unpoisoned").1;
        *self.fault.lock().expect("unpoisoned") == Fault::HoldRequests && connection <= held
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let number = {
            let mut connections = shared.connections.lock().expect("unpoisoned");
            connections.0 += 1;
            connections.0
        };
        let target = shared.target.load(Ordering::SeqCst);
        let Ok(server) = TcpStream::connect(("127.0.0.1", target)).await else { continue };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::spawn(requests(shared.clone(), number, from_client, to_server));
        tokio::spawn(answers(shared.clone(), number, from_server, to_client));
    }
}

async fn requests(
    shared: Arc<Shared>,
    number: u32,
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
) {
    let mut cuts = shared.cuts.subscribe();
    let mut releases = shared.releases.subscribe();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = tokio::select! {
            read = client.read(&mut buffer) => read.unwrap_or_default(),
            _ = cuts.changed() => return,
        };
        if length == 0 {
            return;
        }
        while shared.holds(number) {
            let _ = releases.changed().await;
        }
        if !shared.loses(number) && server.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

async fn answers(
    shared: Arc<Shared>,
    number: u32,
    mut server: OwnedReadHalf,
    mut client: OwnedWriteHalf,
) {
    let mut cuts = shared.cuts.subscribe();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = tokio::select! {
            read = server.read(&mut buffer) => read.unwrap_or_default(),
            _ = cuts.changed() => return,
        };
        let fault = shared.take_answer_fault();
        let carried = match fault {
            Fault::LoseAnswer => 0,
            Fault::CutAnswer => length / 2,
            Fault::None | Fault::HoldRequests if shared.loses(number) => 0,
            Fault::None | Fault::HoldRequests if !shared.takes_an_answer() => 0,
            Fault::None | Fault::HoldRequests => length,
        };
        let delay = shared.delay.load(Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(delay.into())).await;
        let _ = client.write_all(&buffer[..carried]).await;
        if length == 0 || fault != Fault::None {
            // Both halves: the client must see the end at once.
            let _ = client.shutdown().await;
            return;
        }
    }
}
