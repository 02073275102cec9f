//! The exchange of a request and its response: what a connection's service tells its socket.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};

use bytes::Bytes;
use functions::http::body::Body;
use hyper::body::{Frame, SizeHint};

use crate::server::connections::Place;

/// A connection's place, and where it is between its exchanges. Only its task touches it.
pub struct Exchanges {
    pub place: Place,
    is_under_way: AtomicBool,
    has_ended: AtomicBool,
    is_unread: AtomicBool,
    is_stream: AtomicBool,
}

impl Exchanges {
    /// Makes those of a new connection.
    pub fn new(place: Place) -> Self {
        Self {
            place,
            is_under_way: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            is_unread: AtomicBool::new(false),
            is_stream: AtomicBool::new(false),
        }
    }

    /// Begins an exchange: hyper has given the request to the service, perhaps before its body.
    pub fn begin(self: &Arc<Self>, has_body: bool) -> Exchange {
        self.is_under_way.store(true, Relaxed);
        self.is_unread.store(has_body, Relaxed);
        self.is_stream.store(false, Relaxed);
        Exchange(self.clone())
    }

    /// Whether a request is being answered, or its response's body is still being made.
    pub fn is_under_way(&self) -> bool {
        self.is_under_way.load(Relaxed)
    }

    /// Whether an exchange has ended since this was last asked, and none has begun since.
    pub fn take_ended(&self) -> bool {
        let has_ended = self.has_ended.load(Relaxed) && !self.is_under_way();
        if has_ended {
            self.has_ended.store(false, Relaxed);
        }
        has_ended
    }

    /// Whether there is a request of which the response is not all written. A stream has no end to
    /// wait for.
    pub fn is_response_due(&self) -> bool {
        let is_due = self.is_under_way() || self.has_ended.load(Relaxed);
        is_due && !self.is_stream.load(Relaxed)
    }

    /// Whether something of the last request's body has not been read.
    pub fn is_unread(&self) -> bool {
        self.is_unread.load(Relaxed)
    }
}

/// An exchange under way. It ends when this is dropped.
pub struct Exchange(Arc<Exchanges>);

impl Exchange {
    /// Whether its connection is one too many.
    pub fn is_refused(&self) -> bool {
        self.0.place.is_refused()
    }

    /// Notes that all of the request's body has been read.
    pub fn note_read(&self) {
        self.0.is_unread.store(false, Relaxed);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.is_under_way.store(false, Relaxed);
        self.0.has_ended.store(true, Relaxed);
    }
}

/// A response's body. Its exchange ends when hyper has taken all of it, or drops it.
pub struct ResponseBody {
    body: Body,
    _exchange: Exchange,
}

impl ResponseBody {
    /// Joins a body with the exchange that it ends.
    pub fn new(body: Body, exchange: Exchange) -> Self {
        let is_stream = matches!(body, Body::Stream(_));
        exchange.0.is_stream.store(is_stream, Relaxed);
        Self { body, _exchange: exchange }
    }
}

impl hyper::body::Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
