//! Reading, writing and shutting down, as hyper asks for it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{MAX_DISCARDED_BYTES, Phase, Socket};

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_pending() {
            return self.wait_to_read(context);
        }
        if buffer.filled().len() > before {
            self.note_read();
        } else if matches!(read, Poll::Ready(Ok(()))) && self.exchanges.is_response_due() {
            return self.wait_to_end(context);
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

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.note_flushed(context);
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// Shuts down writing, and takes in what is left of a request: hyper closes in the middle of one
    /// that has been answered.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Phase::Discarding(left) = self.phase {
            return self.discard(left, context);
        }
        ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        if !self.is_unread() {
            return Poll::Ready(Ok(()));
        }
        let limit = self.times().read;
        self.enter(Phase::Discarding(MAX_DISCARDED_BYTES), limit);
        self.discard(MAX_DISCARDED_BYTES, context)
    }
}
