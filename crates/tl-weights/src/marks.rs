//! What files that are read begin with.

/// Where a tar says that it is one.
pub(crate) const TAR_MARK: std::ops::Range<usize> = 257..262;

/// Whether a file that begins with these bytes is one of safetensors: behind the length of the header, which is below 4 GiB
/// in any file, comes the brace that it begins with. None of PyTorch's files has one there.
pub(crate) fn is_safetensors(start: &[u8]) -> bool {
    start.get(4..9) == Some(b"\0\0\0\0{")
}

/// Whether a file that begins with these bytes is a pickle: the instruction that says the protocol, which `torch.save` has
/// written from the beginning, and its version.
pub(crate) fn is_pickle(start: &[u8]) -> bool {
    matches!(start, [0x80, 2..=5, ..])
}

/// Whether a file that begins with these bytes is a tar archive.
pub(crate) fn is_tar(start: &[u8]) -> bool {
    start.get(TAR_MARK) == Some(b"ustar")
}

/// Whether a member of a tar archive is one of PyTorch's.
pub(crate) fn is_member(path: &[u8]) -> bool {
    let name = path.strip_prefix(b"./").unwrap_or(path);
    [&b"sys_info"[..], b"pickle", b"storages", b"tensors"].contains(&name)
}
