//! How many records there are, each of as many fields as the first: found out in constant memory,
//! before anything is kept.

use csv_core::{ReadFieldResult, ReaderBuilder};
use std::io::{self, BufRead};

/// What there is to be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Extents {
    pub fields: usize,
    pub records: usize,
}

/// Why it cannot be.
#[derive(Debug)]
pub(super) enum Fault {
    /// Where the record starts, and what is wrong with it.
    Record(u64, String),
    /// What reading it gave.
    Io(io::Error),
}

/// The extents, with at most `most` fields a record, or the first record that cannot be.
pub(super) fn measure(mut text: impl BufRead, delimiter: u8, most: usize) -> Result<Extents, Fault> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).build();
    let mut extents = Extents { fields: 0, records: 0 };
    let (mut at, mut start, mut fields, mut sink) = (0, 0, 0, [0; 1024]);
    loop {
        // An empty buffer tells the reader that this is the end.
        let bytes = text.fill_buf().map_err(Fault::Io)?;
        let (result, read, _) = reader.read_field(bytes, &mut sink);
        text.consume(read);
        at += read as u64;
        let ReadFieldResult::Field { record_end } = result else {
            match result {
                ReadFieldResult::End => return Ok(extents),
                _ => continue, // more of the same field
            }
        };
        fields += 1;
        if fields > most {
            return Err(Fault::Record(start, format!("more than {most} fields; is it a CSV file?")));
        }
        if record_end {
            if extents.records == 0 {
                extents.fields = fields;
            } else if fields != extents.fields {
                let facts = format!("{fields} fields, where the first line has {}", extents.fields);
                return Err(Fault::Record(start, facts));
            }
            extents.records += 1;
            (start, fields) = (at, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, extents: Result<(usize, usize), u64>) {
        // Whole, and a byte at a time.
        for capacity in [1000, 1] {
            let text = io::BufReader::with_capacity(capacity, text.as_bytes());
            let found = match measure(text, b',', 5) {
                Ok(found) => Ok((found.fields, found.records)),
                Err(Fault::Record(at, _)) => Err(at),
                Err(Fault::Io(error)) => panic!("{error}"),
            };
            assert_eq!(found, extents);
        }
    }

    #[test]
    fn records_and_fields_are_counted_as_they_will_be_read() {
        check("", Ok((0, 0)));
        check("a", Ok((1, 1)));
        check("a,b\n", Ok((2, 1)));
        check("a,b\r\n1,2\r\n", Ok((2, 2)));
        check("\n\na,b\n\n1,2", Ok((2, 2)));
        check("\"a\nb\",\"c,d\"\n1,\"2", Ok((2, 2)));
        check(&format!("{},b\n1,2\n", "a".repeat(5000)), Ok((2, 2)));
        check("a,b\n1,2,3\n", Err(4));
        check("a,b\n1\n", Err(4));
        check("1,2,3,4,5\n", Ok((5, 1)));
        check("1,2,3,4,5,6\n", Err(0));
    }
}
