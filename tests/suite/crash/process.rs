//! The program as a process that is started on a directory, perhaps under strace, and ended by its number.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tonic::transport::{Channel, Endpoint};

/// A server on a free loopback port; killed when dropped.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// Serves the ledger in `dir` and answers.
    pub fn start(dir: &Path) -> Self {
        Self::answering(serve(Command::new(env!("CARGO_BIN_EXE_xuefen")), dir), dir)
    }

    /// The same under strace with these arguments; `-D` makes the server, not strace, the child.
    pub fn traced(dir: &Path, log: &Path, args: &[&str]) -> Self {
        let mut command = Command::new("strace");
        command.args(["-D", "-f", "-o"]).arg(log).args(args).arg(env!("CARGO_BIN_EXE_xuefen"));
        Self::answering(serve(command, dir), dir)
    }

    fn answering(mut child: Child, dir: &Path) -> Self {
        let stdout = child.stdout.take().expect("piped");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line.trim_end().strip_prefix("listening on ").and_then(|address| address.parse().ok());
        let Some(address) = address else {
            let _ = child.kill();
            let ended = child.wait().expect("it ends");
            panic!("the server does not start ({ended}): {}", said(dir));
        };
        Self { child, address }
    }

    pub async fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).expect("an address");
        endpoint.connect().await.expect("a server")
    }

    /// SIGKILL after a while: nothing is flushed, closed or said.
    pub fn kill_after(mut self, wait: Duration) {
        std::thread::sleep(wait);
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM, as an operator's service manager does it; the server ends well.
    pub fn stop(mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(asked.success(), "the server was gone");
        let ended = self.wait();
        assert!(ended.success(), "{ended}");
    }

    /// Waits until it has ended by itself.
    pub fn wait(&mut self) -> std::process::ExitStatus {
        let patience = Instant::now() + Duration::from_secs(20);
        loop {
            match self.child.try_wait().expect("it can be asked") {
                Some(status) => return status,
                None if Instant::now() > patience => panic!("the server does not end"),
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// Status code and body of a plain HTTP path.
    pub async fn get(&self, path: &str) -> (u16, String) {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut socket = tokio::net::TcpStream::connect(self.address).await.expect("a server");
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.expect("written");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an empty line");
        let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status line");
        (code, body.to_owned())
    }
}

/// Starts the server and kills it before anybody may know whether it answers.
pub fn start_and_kill(dir: &Path, wait: Duration) {
    let mut child = serve(Command::new(env!("CARGO_BIN_EXE_xuefen")), dir);
    std::thread::sleep(wait);
    child.kill().expect("it runs");
    child.wait().expect("it ends");
}

fn serve(mut command: Command, dir: &Path) -> Child {
    let log = File::options().create(true).append(true).open(log(dir)).expect("a log");
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--plaintext", "--dir"])
        .arg(dir)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .expect("the server starts")
}

fn log(dir: &Path) -> PathBuf {
    dir.with_extension("log")
}

/// All that servers on this directory wrote for their operator.
pub fn said(dir: &Path) -> String {
    std::fs::read_to_string(log(dir)).expect("a log")
}

/// Runs a command of the program on `dir` to its end.
pub fn run(words: &[&str], dir: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xuefen"));
    command.args(words).arg("--dir").arg(dir).env_remove("XUEFEN_SERVER").output().expect("the program runs")
}

/// A start that must be refused: what it says.
pub fn refused(dir: &Path) -> String {
    let before = std::fs::read(log(dir)).unwrap_or_default().len();
    let mut child = serve(Command::new(env!("CARGO_BIN_EXE_xuefen")), dir);
    let mut line = String::new();
    let stdout = child.stdout.take().expect("piped");
    BufReader::new(stdout).read_line(&mut line).expect("a line or the end");
    let said = said(dir)[before..].to_owned();
    if !line.is_empty() {
        child.kill().expect("it runs");
        child.wait().expect("it ends");
        panic!("it was to be refused, but: {line}{said}");
    }
    assert_eq!(child.wait().expect("it ends").code(), Some(2), "{said}");
    said
}

/// Journal and history of a ledger that nobody serves are sound.
pub fn assert_sound(dir: &Path) {
    for command in ["fsck", "audit"] {
        let help =
            Command::new(env!("CARGO_BIN_EXE_xuefen")).args([command, "--help"]).output().expect("the program runs");
        if command == "audit" && !help.status.success() {
            println!("skipped: this program has no audit");
            continue;
        }
        let output = run(&[command], dir);
        assert_eq!(output.status.code(), Some(0), "{command}: {output:?}");
    }
}
