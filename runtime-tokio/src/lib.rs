//! linechat on tokio: a library to embed and a server to deploy.
