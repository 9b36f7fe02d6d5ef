//! How a request or a call ended.

/// Why something failed. Each failure has exactly one cause, that of whoever gave up first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Cause {
    /// It did not fail.
    None,
    /// The connection was refused (RST): no process listens.
    Refused,
    /// No answer to the SYN in time.
    ConnectTimeout,
    /// No server is usable.
    NoServer,
    /// Waited too long for a slot.
    QueueTimeout,
    /// The waiting room was full.
    QueueFull,
    /// The server takes no more connections.
    TooManyConnections,
    /// The caller itself has no more connections to spare.
    OutOfConnections,
    /// The answer did not begin in time.
    ResponseTimeout,
    /// The connection broke before the answer began.
    Reset,
    /// The connection broke, or fell silent, within the answer.
    Truncated,
    /// The visitor gave up.
    Patience,
    /// Not over when the run ended.
    Unfinished,
    /// Given up by its server, which noticed that its caller had gone.
    ClientClosed,
}

impl Cause {
    /// All of them, in order.
    pub const ALL: [Cause; 14] = [
        Cause::None,
        Cause::Refused,
        Cause::ConnectTimeout,
        Cause::NoServer,
        Cause::QueueTimeout,
        Cause::QueueFull,
        Cause::TooManyConnections,
        Cause::OutOfConnections,
        Cause::ResponseTimeout,
        Cause::Reset,
        Cause::Truncated,
        Cause::Patience,
        Cause::Unfinished,
        Cause::ClientClosed,
    ];

    /// For reports.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::None => "ok",
            Cause::Refused => "refused",
            Cause::ConnectTimeout => "connect timeout",
            Cause::NoServer => "no server",
            Cause::QueueTimeout => "queue timeout",
            Cause::QueueFull => "queue full",
            Cause::TooManyConnections => "too many connections",
            Cause::OutOfConnections => "out of connections",
            Cause::ResponseTimeout => "response timeout",
            Cause::Reset => "reset",
            Cause::Truncated => "truncated",
            Cause::Patience => "patience",
            Cause::Unfinished => "unfinished",
            Cause::ClientClosed => "client closed",
        }
    }
}

/// How something ended. `cause` is that of the first failure below, `status` what was answered
/// (200 for a success; 0 where the connection just closed).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// HTTP status; for what does not speak HTTP, what an HTTP caller would see.
    pub status: u16,
    /// Why it failed.
    pub cause: Cause,
    /// The service at which it failed (index), meaningless for a success.
    pub at: u16,
}

impl Outcome {
    /// All went well.
    pub const OK: Outcome = Outcome { status: 200, cause: Cause::None, at: 0 };

    /// Whether all went well.
    #[inline]
    pub fn is_ok(self) -> bool {
        self.cause == Cause::None
    }
}
