//! A table of comma-separated values, read piece by piece (RFC 4180, without quotes).

const LONGEST_LINE: usize = 65536;
const MOST_COLUMNS: usize = 256;

pub struct Column {
    pub name: String,
    count: u64,
    least: f64,
    greatest: f64,
    sum: f64,
}

#[derive(Default)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: u64,
    rest: Vec<u8>, // of a line whose end has not come yet
}

impl Table {
    pub fn take(&mut self, piece: &[u8]) -> Result<(), String> {
        for part in piece.split_inclusive(|&byte| byte == b'\n') {
            self.rest.extend_from_slice(part);
            if self.rest.len() > LONGEST_LINE {
                return Err(format!("row {} is longer than {LONGEST_LINE} bytes", self.rows + 1));
            }
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.rest);
                self.line(&line)?;
            }
        }
        Ok(())
    }

    pub fn finish(mut self) -> Result<Table, String> {
        let line = std::mem::take(&mut self.rest);
        self.line(&line)?;
        if self.columns.is_empty() {
            return Err("the table is empty".into());
        }
        Ok(self)
    }

    fn line(&mut self, line: &[u8]) -> Result<(), String> {
        let text = std::str::from_utf8(line).map_err(|_| format!("row {} is not UTF-8", self.rows))?;
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Ok(());
        }
        let cells: Vec<&str> = text.split(',').map(str::trim).collect();
        if self.columns.is_empty() {
            if cells.len() > MOST_COLUMNS {
                return Err(format!("more than {MOST_COLUMNS} columns"));
            }
            self.columns = cells.into_iter().map(Column::new).collect();
            return Ok(());
        }
        self.rows += 1;
        if cells.len() != self.columns.len() {
            let (have, want) = (cells.len(), self.columns.len());
            return Err(format!("row {} has {have} cells, the first line names {want}", self.rows));
        }
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.add(cell);
        }
        Ok(())
    }

    pub fn to_json(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(Column::to_json).collect();
        format!("{{\"rows\":{},\"columns\":[{}]}}", self.rows, columns.join(","))
    }
}

impl Column {
    fn new(name: &str) -> Column {
        Column {
            name: name.into(),
            count: 0,
            least: f64::INFINITY,
            greatest: f64::NEG_INFINITY,
            sum: 0.0,
        }
    }

    // Cells that are no finite number are not counted.
    fn add(&mut self, cell: &str) {
        let Some(value) = cell.parse::<f64>().ok().filter(|value| value.is_finite()) else {
            return;
        };
        self.count += 1;
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
        self.sum += value;
    }

    fn to_json(&self) -> String {
        let name = escaped(&self.name);
        if self.count == 0 || !self.sum.is_finite() {
            return format!("{{\"name\":\"{name}\",\"numbers\":{}}}", self.count);
        }
        let mean = self.sum / self.count as f64;
        format!(
            "{{\"name\":\"{name}\",\"numbers\":{},\"least\":{},\"greatest\":{},\"sum\":{},\"mean\":{mean}}}",
            self.count, self.least, self.greatest, self.sum
        )
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if (c as u32) < 0x20 => out += &format!("\\u{:04x}", c as u32),
            c => out.push(c),
        }
    }
    out
}
