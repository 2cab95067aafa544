use super::*;
use crate::data::file::tests::{gzip, on_disk};
use std::fs;

/// An IDX file of this type, these dimensions and these bytes.
fn idx(code: u8, dims: &[u32], elements: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, code, dims.len() as u8];
    dims.iter().for_each(|dim| bytes.extend(dim.to_be_bytes()));
    bytes.extend(elements);
    bytes
}

#[track_caller]
fn reads(bytes: &[u8], kind: Kind, expected: Tensor<f64>) {
    for bytes in [bytes.to_vec(), gzip(bytes)] {
        let idx = Idx::from_bytes("good", bytes).unwrap();
        assert_eq!((idx.kind(), idx.tensor::<f64>().unwrap()), (kind, expected.clone()));
        assert_eq!(idx.tensor::<f32>().unwrap(), expected.cast());
    }
}

#[test]
fn every_element_type_is_read() {
    reads(&idx(0x08, &[3], &[0, 127, 255]), Kind::U8, Tensor::from([0.0, 127.0, 255.0]));
    reads(&idx(0x09, &[2], &[0x80, 0x7f]), Kind::I8, Tensor::from([-128.0, 127.0]));
    reads(&idx(0x0b, &[2], &[0x01, 0x02, 0xff, 0xfe]), Kind::I16, Tensor::from([258.0, -2.0]));
    reads(&idx(0x0c, &[1, 1], &[0xff, 0xff, 0xff, 0x00]), Kind::I32, Tensor::from([[-256.0]]));
    reads(&idx(0x0d, &[1], &1.5f32.to_be_bytes()), Kind::F32, Tensor::from([1.5]));
    reads(&idx(0x0e, &[1], &(-0.25f64).to_be_bytes()), Kind::F64, Tensor::from([-0.25]));
}

#[test]
fn dimensions_may_be_none_or_zero() {
    reads(&idx(0x08, &[], &[7]), Kind::U8, Tensor::scalar(7.0));
    reads(&idx(0x08, &[0], &[]), Kind::U8, Tensor::zeros([0]));
    reads(&idx(0x08, &[2, 0, 3], &[]), Kind::U8, Tensor::zeros([2, 0, 3]));
}

#[track_caller]
fn refused(bytes: Vec<u8>, why: &str) {
    let error = Idx::from_bytes("bad.idx", bytes).expect_err(why).to_string();
    assert!(error.starts_with("bad.idx: ") && error.contains(why), "{error}");
}

#[test]
fn a_file_that_is_not_idx_is_refused() {
    let good = idx(0x08, &[2, 2], &[1, 2, 3, 4]);
    refused(vec![], "too few");
    refused([&[0, 1], &good[2..]].concat(), "starts with 00 01 08");
    refused(b"a,b,label\n1,2,0\n".to_vec(), "starts with 61 2c 62");
    refused(idx(0x0a, &[1], &[0]), "starts with 00 00 0a");
    refused([&good[..], &[5]].concat(), "goes on after its end");
    refused(gzip(&[&good[..], &[5]].concat()), "goes on after its end");
    refused(idx(0x08, &[1; 7], &[0]), "7 dimensions");
    refused(gzip(&idx(0x08, &[1; 7], &[0])), "7 dimensions");
}

#[test]
fn every_cut_of_a_good_file_is_refused() {
    for good in [idx(0x08, &[3, 2], &[1, 2, 3, 4, 5, 6]), idx(0x0e, &[2], &[0; 16]), idx(0x0b, &[], &[1, 2])]
    {
        for end in 0..good.len() {
            refused(good[..end].to_vec(), "cut short");
            refused(gzip(&good[..end]), "cut short");
        }
        let packed = gzip(&good);
        for end in 2..packed.len() {
            refused(packed[..end].to_vec(), "not a whole gzip file");
        }
    }
}

#[test]
fn a_header_that_promises_too_much_is_refused_at_once() {
    refused(idx(0x08, &[u32::MAX; 6], &[]), "more than memory can hold");
    refused(idx(0x08, &[u32::MAX, u32::MAX, u32::MAX, 0], &[]), "more than memory can hold");
    refused(idx(0x0e, &[u32::MAX, 1 << 29], &[]), "more than memory can hold");
    refused(idx(0x08, &[u32::MAX, 1 << 20], &[0; 10]), "cut short");
    refused(gzip(&idx(0x08, &[u32::MAX, 1 << 20], &[0; 10])), "cut short");
}

#[test]
fn a_packed_file_is_not_unpacked_beyond_what_its_header_promises() {
    refused(gzip(&[idx(0x08, &[1], &[]), vec![0; 1 << 20]].concat()), "goes on after its end");
    refused(gzip(&[idx(0x08, &[40 << 20], &[]), vec![0; 40 << 20]].concat()), "unpack it first");
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    let of = |x: f64| Idx::from_bytes("x.idx", idx(0x0e, &[1], &x.to_be_bytes())).unwrap();
    assert!(of(f64::NAN).tensor::<f64>().unwrap_err().to_string().contains("element 0 is NaN"));
    assert!(of(1e300).tensor::<f64>().is_ok());
    assert!(of(1e300).tensor::<f32>().unwrap_err().to_string().contains("element 0 is inf"));
}

#[test]
fn labels_are_whole_numbers_from_zero_up() {
    let labels = |code, dims: &[u32], elements: &[u8]| {
        Idx::from_bytes("y.idx", idx(code, dims, elements)).unwrap().labels().map_err(|e| e.to_string())
    };
    assert_eq!(labels(0x08, &[3], &[2, 0, 9]), Ok(vec![2, 0, 9]));
    assert!(labels(0x09, &[2], &[1, 0xff]).unwrap_err().contains("label -1 of row 1"));
    assert!(labels(0x0d, &[1], &0.5f32.to_be_bytes()).unwrap_err().contains("label 0.5"));
    assert!(labels(0x08, &[1, 1], &[0]).unwrap_err().contains("one dimension"));
}

/// Two images of 2×2 pixels to train on and one to test on, with some files replaced or (where
/// there is nothing to replace them by) left out.
#[track_caller]
fn mnist_with(test: &str, changed: &[(&str, Option<Vec<u8>>)]) -> Result<(Table, Table), String> {
    let directory = std::env::temp_dir().join(format!("wengert-mnist-{test}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    let mut files = vec![
        ("train-images-idx3-ubyte", Some(idx(0x08, &[2, 2, 2], &[0, 255, 51, 0, 1, 2, 3, 4]))),
        ("train-labels-idx1-ubyte", Some(idx(0x08, &[2], &[9, 0]))),
        ("t10k-images-idx3-ubyte.gz", Some(gzip(&idx(0x08, &[1, 2, 2], &[0; 4])))),
        ("t10k-labels-idx1-ubyte.gz", Some(gzip(&idx(0x08, &[1], &[3])))),
    ];
    for (name, bytes) in changed {
        files.retain(|(file, _)| file != name);
        files.push((name, bytes.clone()));
    }
    for (name, bytes) in files {
        if let Some(bytes) = bytes {
            fs::write(directory.join(name), bytes).unwrap();
        }
    }
    let tables = mnist(&directory).map_err(|error| error.to_string());
    fs::remove_dir_all(&directory).unwrap();
    tables
}

#[test]
fn mnist_is_four_files_packed_or_not() {
    let (train, test) = mnist_with("good", &[]).unwrap();
    let pixels = [[0.0, 1.0, 0.2, 0.0], [1.0 / 255.0, 2.0 / 255.0, 3.0 / 255.0, 4.0 / 255.0]];
    assert_eq!(train.features(), &Tensor::from(pixels));
    assert_eq!((train.labels(), test.labels(), train.classes()), (&[9, 0][..], &[3][..], 10));
    let dotted = idx(0x08, &[2], &[1, 2]);
    let moved = [("train-labels-idx1-ubyte", None), ("train-labels.idx1-ubyte", Some(dotted))];
    assert_eq!(mnist_with("dotted", &moved).unwrap().0.labels(), [1, 2]);
    let error = mnist::<f32>("no/such/directory").unwrap_err().to_string();
    assert!(
        error.starts_with("no/such/directory is not a directory; looked there for train-images"),
        "{error}"
    );
}

#[test]
fn mnist_that_does_not_fit_together_is_refused() {
    let mut case = 0;
    let mut check = |name, bytes, why: &str| {
        case += 1;
        let error = mnist_with(&format!("bad{case}"), &[(name, bytes)]).expect_err(why);
        assert!(error.contains(why), "{error}");
    };
    check(
        "t10k-labels-idx1-ubyte.gz",
        None,
        "has no file t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz or",
    );
    check(
        "train-labels-idx1-ubyte",
        Some(idx(0x08, &[2], &[0, 10])),
        "label 10 of row 1 is not the number of one of 10 classes",
    );
    check("train-labels-idx1-ubyte", Some(idx(0x08, &[3], &[0; 3])), "2 images and");
    check("train-labels-idx1-ubyte", Some(vec![0, 0, 8]), "cut short");
    check("train-images-idx3-ubyte", Some(idx(0x08, &[2, 4], &[0; 8])), "must be [n, height, width]");
    check("train-images-idx3-ubyte", Some(idx(0x08, &[0, 2, 2], &[])), "no images");
    check("t10k-images-idx3-ubyte.gz", Some(gzip(&idx(0x08, &[1, 1, 1], &[0]))), "images of 4 pixels");
}

#[test]
fn a_file_is_read_in_blocks_and_noticed_if_it_changes() {
    // Neither are the blocks of the file those of the elements, nor is the last one whole.
    let numbers: Vec<f64> = (0..20_001).map(f64::from).collect();
    let elements: Vec<u8> = numbers.iter().flat_map(|x| x.to_be_bytes()).collect();
    let good = idx(0x0e, &[20_001], &elements);
    for stored in [good.clone(), gzip(&good)] {
        on_disk("idx", &stored, |path| {
            let idx = Idx::open(path).unwrap();
            assert!(idx.tensor::<f64>().unwrap().data() == numbers);
            assert!(idx.labels().unwrap().iter().copied().eq(0..20_001));
            fs::write(path, &stored[1..]).unwrap();
            let error = idx.tensor::<f64>().unwrap_err().to_string();
            assert!(error.contains("it was changed since it was opened; open it again"), "{error}");
            fs::remove_file(path).unwrap();
            let error = idx.labels().unwrap_err().to_string();
            assert!(error.starts_with(&format!("reading {}: ", path.display())), "{error}");
        });
    }
}
