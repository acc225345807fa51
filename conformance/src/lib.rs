//! One suite over real sockets that holds every linechat program to the same protocols.
