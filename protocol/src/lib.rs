//! Six chat protocols as one pure state machine: no sockets, no clock, no threads, no_std.
