//! orders-store-rust: keeps an order in PostgreSQL and answers with its number, as orders-store does
//! in Go. tokio and tokio-postgres as they are; only the connection itself is made by `ferry_net`
//! (docs/network.md).

use std::error::Error;
use std::io;

use serde::{Deserialize, Serialize};
use tokio_postgres::config::Host;
use tokio_postgres::{Config, NoTls};

#[derive(Deserialize)]
struct Order {
    customer: String,
    item: String,
    amount: i32,
}

#[derive(Serialize)]
struct Stored {
    id: i64,
    customer: String,
}

async fn store(url: &str, order: Order) -> Result<Stored, Box<dyn Error>> {
    let config: Config = url.parse()?;
    let Some(Host::Tcp(host)) = config.get_hosts().first() else {
        return Err("DATABASE_URL has no host".into());
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let stream = ferry_net::connect(host, port)?;
    stream.set_nonblocking(true)?;
    let stream = tokio::net::TcpStream::from_std(stream)?;
    let (client, connection) = config.connect_raw(stream, NoTls).await?;
    let driver = tokio::spawn(connection);
    let row = client
        .query_one(
            "insert into orders (customer, item, amount) values ($1, $2, $3) returning id",
            &[&order.customer, &order.item, &order.amount],
        )
        .await?;
    drop(client); // ends the session
    driver.await??;
    Ok(Stored { id: row.get(0), customer: order.customer })
}

fn main() -> Result<(), Box<dyn Error>> {
    let order = serde_json::from_reader(io::stdin())?;
    let url = std::env::var("DATABASE_URL")?;
    // One thread: WebAssembly has no other.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let stored = runtime.block_on(store(&url, order))?;
    serde_json::to_writer(io::stdout(), &stored)?;
    Ok(())
}
