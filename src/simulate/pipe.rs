//! A stream in motion: what waits to be sent, what waits to be applied, first come first served.

use std::collections::VecDeque;

/// Log written evenly between two moments; at once when they are the same.
#[derive(Clone, Copy, Debug)]
struct Piece {
    from: f64,
    to: f64,
    bytes: f64,
}

/// Less than this is nothing: a thousandth of a byte.
const NOTHING: f64 = 1e-3;
/// What passes within this many seconds is not told apart from what has passed: after a year a
/// moment in floating point is no finer.
pub(super) const INSTANT: f64 = 2e-8;

/// What waits, in the order in which it was written.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    pieces: VecDeque<Piece>,
    pub bytes: f64,
}

impl Queue {
    /// Takes the rest out when that passes in no time.
    fn finish(&mut self, rate: f64, out: impl FnMut(Piece)) {
        if self.bytes <= rate * INSTANT {
            self.pop(self.bytes + NOTHING, out);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.bytes <= NOTHING
    }

    /// The moment up to which nothing waits; `None` when nothing does.
    pub fn front(&self) -> Option<f64> {
        if self.is_empty() { None } else { self.pieces.front().map(|p| p.from) }
    }

    fn push(&mut self, piece: Piece) {
        if piece.bytes <= 0.0 {
            return;
        }
        self.bytes += piece.bytes;
        let density = |p: &Piece| p.bytes / (p.to - p.from);
        match self.pieces.back_mut() {
            Some(last)
                if last.to == piece.from
                    && last.from < last.to
                    && piece.from < piece.to
                    && (density(last) / density(&piece) - 1.0).abs() < 1e-9 =>
            {
                last.to = piece.to;
                last.bytes += piece.bytes;
            }
            _ => self.pieces.push_back(piece),
        }
    }

    /// Takes the oldest bytes out.
    fn pop(&mut self, bytes: f64, mut out: impl FnMut(Piece)) {
        let mut left = bytes;
        while left > 0.0 {
            let Some(first) = self.pieces.front_mut() else { break };
            if first.bytes <= left + NOTHING * 0.1 {
                left -= first.bytes;
                out(*first);
                self.pieces.pop_front();
            } else {
                // What comes at once has no moment before its last byte.
                let cut = first.from + (first.to - first.from) * left / first.bytes;
                out(Piece { from: first.from, to: cut, bytes: left });
                first.from = cut;
                first.bytes -= left;
                left = 0.0;
            }
        }
        self.bytes = (self.bytes - bytes).max(0.0);
        if self.bytes <= NOTHING {
            self.pieces.clear();
            self.bytes = 0.0;
        }
    }

    pub fn clear(&mut self) {
        self.pieces.clear();
        self.bytes = 0.0;
    }
}

/// The state of a stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Flow {
    pub sending: Queue,
    pub applying: Queue,
    /// Everything written up to here has been received, in flight or not.
    pub received: f64,
    /// Everything written up to here has been applied.
    pub applied: f64,
    /// The farthest that the received front was behind, and when.
    pub worst: (f64, f64),
}

impl Flow {
    /// Time goes on by `time` seconds: log comes at a rate and leaves at another, and the replica
    /// applies at a third.
    pub fn pass(&mut self, now: f64, time: f64, comes: f64, leaves: f64, applies: f64) {
        let then = now + time;
        let came = Piece { from: now, to: then, bytes: comes * time };
        let mut arrived: Vec<Piece> = Vec::new();
        if self.sending.is_empty() && leaves >= comes * (1.0 - 1e-12) {
            if came.bytes > 0.0 {
                arrived.push(came);
            }
            self.received = then;
        } else {
            self.sending.push(came);
            let sent = (leaves * time).min(self.sending.bytes);
            self.sending.pop(sent, |p| arrived.push(p));
            self.sending.finish(leaves - comes, |p| arrived.push(p));
            self.received = self.sending.front().unwrap_or(then);
            // A byte is farthest behind where what follows was written more thinly.
            let mut left = 0.0;
            for piece in &arrived {
                left += piece.bytes;
                self.note((now + left / leaves).min(then), piece.to);
            }
        }
        let inflow: f64 = arrived.iter().map(|p| p.bytes).sum();
        if self.applying.is_empty() && inflow <= applies * time * (1.0 + 1e-12) {
            self.applied = self.received;
        } else {
            for p in arrived {
                self.applying.push(p);
            }
            self.applying.pop((applies * time).min(self.applying.bytes), |_| {});
            self.applying.finish(applies - if time > 0.0 { inflow / time } else { 0.0 }, |_| {});
            self.applied = self.applying.front().unwrap_or(self.received).min(self.received);
        }
        self.note(then, self.received);
    }

    /// The replica applies what it has, and nothing comes any more.
    pub fn settle(&mut self, time: f64, applies: f64) {
        self.applying.pop((applies * time).min(self.applying.bytes), |_| {});
        self.applying.finish(applies, |_| {});
    }

    /// Bytes come at once.
    pub fn jump(&mut self, now: f64, bytes: f64) {
        self.sending.push(Piece { from: now, to: now, bytes });
        self.received = self.sending.front().unwrap_or(now);
    }

    fn note(&mut self, now: f64, front: f64) {
        if now - front > self.worst.0 {
            self.worst = (now - front, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_by_hand() {
        // 10 a second come for 60 s and 4 leave: 360 wait, written since second 24, since 240
        // bytes are gone. After that nothing comes: 90 s later nothing waits.
        let mut flow = Flow::default();
        flow.pass(0.0, 60.0, 10.0, 4.0, 100.0);
        assert_eq!(flow.sending.bytes, 360.0);
        assert_eq!(flow.received, 24.0);
        assert_eq!(flow.applied, 24.0);
        flow.pass(60.0, 45.0, 0.0, 4.0, 100.0);
        assert_eq!(flow.received, 42.0);
        flow.pass(105.0, 45.0, 0.0, 4.0, 100.0);
        assert_eq!(flow.received, 150.0);
        // The byte of second 60 was the last to leave: 90 s late, the most.
        assert!((flow.worst.0 - 90.0).abs() < 1e-9);
        assert_eq!(flow.worst.1, 150.0);
    }
}
