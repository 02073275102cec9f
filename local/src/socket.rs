//! A connection's socket, which holds its client to the time limits.
//!
//! hyper has one timer for a request's head and for an idle connection, and none for writing.

use std::io::{self, ErrorKind, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::connections::Place;
use crate::deadline::Deadline;
use crate::exchange::Exchanges;
use crate::limits::TimeLimits;

/// The most bytes that are taken in and thrown away of a request that has been answered already.
const MAX_DISCARDED_BYTES: usize = 64 * 1024 * 1024;
/// Bytes that are thrown away at once.
const DISCARDED_AT_ONCE: usize = 16 * 1024;

/// The most bytes that the system takes of a response before it can send them.
#[cfg(target_os = "linux")]
const MAX_UNSENT_BYTES: u32 = 128 * 1024;

/// Lets the sockets of a listener take little more of a response than the client reads.
///
/// Else Linux takes up to 4 MB (tcp(7), `tcp_wmem`) and then nothing before a third of it has been
/// read: a client on a slow line would seem to read nothing for a minute.
pub fn limit_unsent(listener: &TcpListener) {
    #[cfg(target_os = "linux")]
    if let Err(error) = socket2::SockRef::from(listener).set_tcp_notsent_lowat(MAX_UNSENT_BYTES) {
        tracing::warn!(%error, "cannot limit what the system takes of a response");
    }
    // Elsewhere its buffers are small, or the limit cannot be set.
    #[cfg(not(target_os = "linux"))]
    let _ = listener;
}

/// A socket with time limits. Reading or writing fails when one has passed.
///
/// No limit holds for reading while a request is being answered: a stream's client says nothing for
/// hours, and [`crate::request`] limits the body.
pub struct Socket {
    stream: TcpStream,
    exchanges: Arc<Exchanges>,
    limits: TimeLimits,
    phase: Phase,
    /// For what the phase waits for; or for writing, while that cannot go on.
    deadline: Deadline,
    _place: Place,
}

/// What a socket waits for.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    /// For the first byte of the first request.
    Accepted,
    /// For the rest of a request's head, and later for what becomes of the request.
    Requested,
    /// Like that, and the response cannot be written at the moment.
    Stalled,
    /// For the first byte of the next request.
    Idle,
    /// For the end of a request that has been answered already; so many bytes may still come.
    Discarding(usize),
}

impl Socket {
    /// Wraps a socket that has just been accepted; `place` is kept for as long.
    pub fn new(
        stream: TcpStream,
        exchanges: Arc<Exchanges>,
        limits: TimeLimits,
        place: Place,
    ) -> Self {
        let deadline = Deadline::new(Instant::now() + limits.read);
        Self { stream, exchanges, limits, phase: Phase::Accepted, deadline, _place: place }
    }

    /// Notes that a read has brought something.
    fn note_read(&mut self) {
        // The first request's head has its time from the beginning of the connection.
        if self.phase == Phase::Idle {
            self.deadline.set(Instant::now() + self.limits.read);
        }
        if matches!(self.phase, Phase::Accepted | Phase::Idle) {
            self.phase = Phase::Requested;
        }
    }

    /// Waits with a read for as long as the client may take.
    fn wait_to_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.exchanges.is_under_way() {
            self.deadline.suspend();
            return Poll::Pending;
        }
        // Then the deadline is the writer's.
        if self.phase == Phase::Stalled {
            return Poll::Pending;
        }
        self.deadline.poll(context).map(|()| Err(timed_out("nothing was sent in time")))
    }

    /// Waits with a write, or notes that it has done something.
    fn write<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        match written {
            Poll::Pending => {
                if self.phase != Phase::Stalled {
                    self.phase = Phase::Stalled;
                    self.deadline.set(Instant::now() + self.limits.write);
                }
                ready!(self.deadline.poll(context));
                // Else the system would keep what is not sent for minutes more.
                let _ = self.stream.set_zero_linger();
                Poll::Ready(Err(timed_out("nothing was read in time")))
            }
            ready => {
                if self.phase == Phase::Stalled {
                    self.phase = Phase::Requested;
                    self.deadline.clear();
                }
                ready
            }
        }
    }

    /// Takes in and throws away what still comes: closing a socket that holds something unread
    /// resets the connection, and the client may lose the response before it has read it.
    fn discard(&mut self, mut left: usize, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // At first: of a client that never stops sending, no read ever waits.
        if self.deadline.poll(context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        loop {
            let mut bytes = [MaybeUninit::uninit(); DISCARDED_AT_ONCE];
            let mut bytes = ReadBuf::uninit(&mut bytes);
            match Pin::new(&mut self.stream).poll_read(context, &mut bytes) {
                Poll::Ready(Ok(())) if (1..=left).contains(&bytes.filled().len()) => {
                    left -= bytes.filled().len();
                    self.phase = Phase::Discarding(left);
                }
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

fn timed_out(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::TimedOut, what)
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        match read {
            Poll::Pending => return self.wait_to_read(context),
            Poll::Ready(Ok(())) if buffer.filled().len() > before => self.note_read(),
            Poll::Ready(_) => {}
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.write(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.write(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// hyper flushes when it has written everything: a response that has ended is out then.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.exchanges.take_ended() {
            self.phase = Phase::Idle;
            let deadline = Instant::now() + self.limits.idle;
            self.deadline.set(deadline);
            // hyper may already wait for the next request, and then does not read again.
            let _ = self.deadline.poll(context);
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// hyper shuts down what it closes in good order, be it in the middle of a request.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let left = match self.phase {
            Phase::Discarding(left) => left,
            phase => {
                ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
                // A head that hyper itself has refused is not read to its end either.
                if phase != Phase::Requested && !self.exchanges.is_unread() {
                    return Poll::Ready(Ok(()));
                }
                let deadline = Instant::now() + self.limits.read;
                self.deadline.set(deadline);
                self.phase = Phase::Discarding(MAX_DISCARDED_BYTES);
                MAX_DISCARDED_BYTES
            }
        };
        self.discard(left, context)
    }
}
