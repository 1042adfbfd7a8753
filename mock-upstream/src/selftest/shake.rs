//! What a client that speaks TLS must make of a flawed handshake.

use std::io;

use rustls::{AlertDescription, Error};

use super::Proven;
use super::compare::compare;
use super::connect::{Met, Seen, exchange};
use super::pieces::Pieces;
use super::raw::{End, Raw};
use super::secure::{self, Trust};
use crate::fault::{After, Distrust, Sight, TlsSight};

/// Whether it makes of it what it must; what the provider must have noted of that.
pub(super) async fn prove(seen: &Seen<'_>, sight: &Sight) -> Result<Met, String> {
    let shake = Shake { seen, authority: seen.stage.authority() };
    let connections = match sight.tls.as_ref().ok_or("the proof does not say what TLS makes of it")? {
        TlsSight::Distrusts(why) => shake.distrusts(*why, sight).await.map(|()| 2)?,
        TlsSight::Alert(number) => shake.alert(*number, sight).await.map(|()| 1)?,
        TlsSight::Chooses(protocol) => shake.chooses(protocol, sight).await.map(|()| 1)?,
    };
    Ok(Met { connections, ended: None, held: Vec::new() })
}

struct Shake<'a> {
    seen: &'a Seen<'a>,
    authority: String,
}

impl Shake<'_> {
    /// Who trusts the authority does not go on, and who trusts anything is served.
    async fn distrusts(&self, wanted: Distrust, sight: &Sight) -> Proven {
        let addr = self.seen.stage.provider.addr();
        match secure::connect(addr, Trust::Authority(&self.authority), &["http/1.1"]).await {
            Ok(_) => return Err("the certificate was trusted".to_owned()),
            Err((error, _)) if secure::distrust(&error) == Some(wanted) => {}
            Err((error, _)) => return Err(format!("{error} instead of {wanted:?}")),
        }
        let gullible = secure::connect(addr, Trust::Anything, &["http/1.1"]).await;
        let gullible = gullible.map_err(|(error, _)| format!("who trusts anything: {error}"))?;
        let mut raw = Raw::over(gullible);
        let times = if sight.then == After::Reuse { 2 } else { 1 };
        for _ in 0..times {
            exchange(&mut raw, self.seen.request, self.seen.healthy).await?;
        }
        Ok(())
    }

    /// An alert comes, within the handshake or, as TLS 1.3 has it, behind the client's part of it; then the connection
    /// ends.
    async fn alert(&self, wanted: u8, sight: &Sight) -> Proven {
        let addr = self.seen.stage.provider.addr();
        let trust = Trust::Authority(&self.authority);
        let (error, below) = match secure::connect(addr, trust, &["http/1.1"]).await {
            Err((error, below)) => (error, below),
            Ok(mut stream) => {
                let error = first_read(&mut stream).await?;
                (error, Some(stream.into_inner().0))
            }
        };
        let wanted = AlertDescription::from(wanted);
        match secure::cause(&error) {
            Some(Error::AlertReceived(number)) if *number == wanted => {}
            _ => return Err(format!("{error} instead of the alert {wanted:?}")),
        }
        let mut raw = Raw::over(below.ok_or("there is no connection below")?);
        match (sight.then, raw.end().await.map_err(|error| error.to_string())?) {
            (After::Fin, End::Fin) => Ok(()),
            (then, end) => Err(format!("behind the alert: {end:?} instead of {then:?}")),
        }
    }

    async fn chooses(&self, wanted: &str, sight: &Sight) -> Proven {
        let addr = self.seen.stage.provider.addr();
        let stream = secure::connect(addr, Trust::Authority(&self.authority), &[wanted, "http/1.1"]).await;
        let stream = stream.map_err(|(error, _)| format!("the handshake: {error}"))?;
        let chosen =
            stream.get_ref().1.alpn_protocol().map(|chosen| String::from_utf8_lossy(chosen).into_owned());
        if chosen.as_deref() != Some(wanted) {
            return Err(format!("{chosen:?} was chosen instead of {wanted}"));
        }
        let pieces = Pieces { healthy: self.seen.healthy, canary: &self.seen.stage.canary() };
        let mut raw = Raw::over(stream);
        compare(&mut raw, &pieces.expected(&sight.bytes)?).await?;
        match (sight.then, raw.end().await.map_err(|error| error.to_string())?) {
            (After::Fin, End::Fin) => Ok(()),
            (then, end) => Err(format!("{end:?} instead of {then:?}")),
        }
    }
}

/// The error that reading meets first.
async fn first_read(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> Result<io::Error, String> {
    use tokio::io::AsyncReadExt as _;
    let read = tokio::time::timeout(super::raw::PATIENCE, stream.read_u8()).await;
    match read.map_err(|_| "nothing came behind the handshake".to_owned())? {
        Ok(byte) => Err(format!("the byte {byte} came behind the handshake")),
        Err(error) => Ok(error),
    }
}
