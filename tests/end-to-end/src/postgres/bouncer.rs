//! A real PgBouncer in front of a test's PostgreSQL.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::chown;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};

use super::installation::server_directory;
use super::{PASSWORD, Postgres, PostgresDatabase, USER};
use crate::Deadline;
use crate::airflow::port;
use crate::server_keeper::ServerKeeper;

/// The environment variable that names the directory PgBouncer was unpacked in.
pub const PGBOUNCER: &str = "AILERON_PGBOUNCER";

/// Connections to the server for each database: few, so that transactions of one client meet several of them, and several
/// clients the same.
const SERVER_CONNECTIONS: u32 = 3;

/// A running PgBouncer in transaction mode. It ends with the value, and also when this process is killed.
#[derive(Debug)]
pub struct PgBouncer {
    keeper: ServerKeeper,
    port: u16,
    // Ends after the pooler.
    _server: Arc<Postgres>,
}

impl PgBouncer {
    /// Starts one in front of a server. Beside the defaults it takes these lines of configuration.
    ///
    /// # Errors
    /// When [`PGBOUNCER`] is not set, or it does not listen in time.
    pub fn start(server: &Arc<Postgres>, lines: &[&str]) -> Result<Self> {
        let unpacked = std::env::var_os(PGBOUNCER)
            .map(PathBuf::from)
            .with_context(|| {
                format!(
                    "{PGBOUNCER} is not set: it names the directory of a PgBouncer; \
                 `cargo xtask test` prepares it and sets it, `cargo xtask env` prints it"
                )
            })?;
        let (directory, user) = server_directory("pgbouncer")?;
        let port = port::free()?;
        let users = directory.join("users");
        let configuration = directory.join("pgbouncer.ini");
        fs::write(&users, format!("\"{USER}\" \"{PASSWORD}\"\n"))?;
        let mut text = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port={port}\n\
             unix_socket_dir={}\nauth_type=scram-sha-256\nauth_file={}\npool_mode=transaction\n\
             default_pool_size={SERVER_CONNECTIONS}\n",
            server.port,
            directory.display(),
            users.display()
        );
        for line in lines {
            text.push_str(line);
            text.push('\n');
        }
        fs::write(&configuration, text)?;
        for file in [&users, &configuration] {
            chown(file, user, user)?;
        }
        let command = [
            "env".to_owned(),
            // The libraries that the machine may not have came with it.
            format!("LD_LIBRARY_PATH={}", unpacked.join("libraries").display()),
            unpacked.join("usr/sbin/pgbouncer").display().to_string(),
            configuration.display().to_string(),
        ];
        let python = server.installation.python();
        let keeper = ServerKeeper::start(Command::new(&python), user, &directory, &command)?;
        let bouncer = Self {
            keeper,
            port,
            _server: Arc::clone(server),
        };
        let address = (Ipv4Addr::LOCALHOST, port);
        Deadline::after(Duration::from_secs(20))
            .wait_for("PgBouncer listens", || {
                Ok(TcpStream::connect(address).ok().map(|_| ()))
            })
            .with_context(|| bouncer.keeper.log())?;
        Ok(bouncer)
    }

    /// The URL of a database through it.
    pub fn url(&self, database: &PostgresDatabase) -> String {
        format!(
            "postgresql://{USER}:{PASSWORD}@127.0.0.1:{}/{}",
            self.port,
            database.name()
        )
    }
}
