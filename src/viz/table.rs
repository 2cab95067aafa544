//! Columns of text, aligned.

use std::fmt;

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Align {
    Left,
    Right,
    /// Numbers, point under point.
    Point,
}

/// Rows of cells; the first row is the heading. A column with nothing but its heading is left out.
pub(super) struct Table {
    pub(super) align: Vec<Align>,
    pub(super) rows: Vec<Vec<String>>,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = self.rows.get(1..).unwrap_or_default();
        let shown: Vec<usize> =
            (0..self.align.len()).filter(|&c| body.iter().any(|row| !row[c].is_empty())).collect();
        let columns: Vec<Vec<String>> = shown.iter().map(|&c| self.column(c)).collect();
        for row in 0..self.rows.len() {
            let cells: Vec<&str> = columns.iter().map(|column| column[row].as_str()).collect();
            writeln!(f, "{}", cells.join("  ").trim_end())?;
        }
        Ok(())
    }
}

impl Table {
    /// One column's cells, all of one width.
    fn column(&self, c: usize) -> Vec<String> {
        let mut cells: Vec<String> = self.rows.iter().map(|row| row[c].clone()).collect();
        if self.align[c] == Align::Point {
            let after = cells[1..].iter().map(|cell| fraction(cell)).max().unwrap_or(0);
            for cell in cells[1..].iter_mut().filter(|cell| is_number(cell)) {
                cell.push_str(&" ".repeat(after - fraction(cell)));
            }
        }
        let width = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
        for cell in &mut cells {
            let room = " ".repeat(width - cell.chars().count());
            *cell =
                if self.align[c] == Align::Left { format!("{cell}{room}") } else { format!("{room}{cell}") };
        }
        cells
    }
}

/// How many characters of a number stand from its point on, of anything else none.
fn fraction(cell: &str) -> usize {
    if !is_number(cell) {
        return 0;
    }
    cell.find(['.', 'e', ')']).map_or(0, |at| cell.len() - at)
}

fn is_number(cell: &str) -> bool {
    cell.trim_matches(['(', ')']).parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_stand_under_points_and_empty_columns_are_left_out() {
        let rows =
            [["#", "name", "x", ""], ["0", "", "-4", ""], ["10", "", "138.75", ""], ["2", "", "no path", ""]];
        let table = Table {
            align: vec![Align::Right, Align::Left, Align::Point, Align::Left],
            rows: rows.map(|row| row.map(String::from).to_vec()).to_vec(),
        };
        assert_eq!(table.to_string(), " #        x\n 0    -4\n10   138.75\n 2  no path\n");
    }
}
