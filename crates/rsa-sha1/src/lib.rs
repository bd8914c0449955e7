//! RSASSA-PKCS1-v1_5 with SHA-1 (RFC 8017 section 8.2), which `RSA-SHA1` of OAuth 1.0a is (RFC
//! 5849 section 3.4.3).
//!
//! SHA-1 is broken for collisions, and nothing but that signature method should use this. The
//! safe API of our cryptographic library only verifies such signatures, so this crate calls the
//! library itself, which makes them as it makes all its RSA signatures: in constant time, blinded,
//! and checked before they leave. All `unsafe` code is in `Key::parse`, `Key::sign` and the two
//! owners of what the library allocates.

use std::fmt;
use std::ptr::{NonNull, null_mut};

use aws_lc_sys as library;

/// The shortest modulus that is accepted, in bits. Providers that still ask for this signature
/// method often document keys of this length.
pub const SHORTEST_BITS: u32 = 1024;

/// An RSA private key that signs with SHA-1.
pub struct Key(Owned<library::EVP_PKEY>);

/// The key cannot be read, is too short, or did not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unusable;

impl fmt::Display for Unusable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the RSA key cannot be used")
    }
}

impl std::error::Error for Unusable {}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key([redacted])")
    }
}

impl Key {
    /// Reads an unencrypted private key in PKCS #8 (RFC 5208), DER-encoded, and checks that its
    /// parts fit together.
    #[expect(unsafe_code, reason = "calls into the cryptographic library")]
    pub fn parse(pkcs8: &[u8]) -> Result<Self, Unusable> {
        let mut input = library::CBS {
            data: std::ptr::null(),
            len: 0,
        };
        // SAFETY: `input` borrows `pkcs8`, which lives to the end of this function. The library
        // reads within its length, and gives a new key with one reference, or null.
        let key = unsafe {
            library::CBS_init(&raw mut input, pkcs8.as_ptr(), pkcs8.len());
            Owned::new(library::EVP_parse_private_key(&raw mut input))?
        };
        // SAFETY: `key` is valid, and these functions only read it.
        let (kind, bits) = unsafe {
            (
                library::EVP_PKEY_id(key.pointer()),
                library::EVP_PKEY_bits(key.pointer()),
            )
        };
        let is_long_enough = u32::try_from(bits).is_ok_and(|bits| bits >= SHORTEST_BITS);
        let is_whole = input.len == 0;
        if kind == library::EVP_PKEY_RSA && is_long_enough && is_whole {
            return Ok(Self(key));
        }
        Err(Unusable)
    }

    /// The signature over `message`, as long as the key's modulus.
    #[expect(unsafe_code, reason = "calls into the cryptographic library")]
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unusable> {
        // SAFETY: the function takes nothing, and gives a new context or null.
        let context = Owned::new(unsafe { library::EVP_MD_CTX_new() })?;
        // SAFETY: context and key are valid; the context takes a reference of its own to the key,
        // by an atomic counter. The digest is a constant of the library. Nobody asks for the
        // inner context, and there is no engine.
        let status = unsafe {
            library::EVP_DigestSignInit(
                context.pointer(),
                null_mut(),
                library::EVP_sha1(),
                null_mut(),
                self.0.pointer(),
            )
        };
        succeeded(status)?;
        let mut length = 0;
        // SAFETY: without an output the function only says how long it will be at most.
        let status = unsafe {
            library::EVP_DigestSign(
                context.pointer(),
                null_mut(),
                &raw mut length,
                message.as_ptr(),
                message.len(),
            )
        };
        succeeded(status)?;
        let mut signature = vec![0; length];
        // SAFETY: `signature` has room for `length` bytes, which is what the function is told, and
        // it writes the number of those that it used there.
        let status = unsafe {
            library::EVP_DigestSign(
                context.pointer(),
                signature.as_mut_ptr(),
                &raw mut length,
                message.as_ptr(),
                message.len(),
            )
        };
        succeeded(status)?;
        signature.truncate(length);
        Ok(signature)
    }
}

fn succeeded(status: std::ffi::c_int) -> Result<(), Unusable> {
    if status == 1 { Ok(()) } else { Err(Unusable) }
}

/// What the library allocates, freed when it is dropped.
struct Owned<T: Free>(NonNull<T>);

impl<T: Free> Owned<T> {
    fn new(pointer: *mut T) -> Result<Self, Unusable> {
        NonNull::new(pointer).map(Self).ok_or(Unusable)
    }

    fn pointer(&self) -> *mut T {
        self.0.as_ptr()
    }
}

impl<T: Free> Drop for Owned<T> {
    fn drop(&mut self) {
        T::free(self.0);
    }
}

// SAFETY: a key may be used and freed by any thread: its counter is atomic, and what signing
// caches in it has the library's own lock.
#[expect(
    unsafe_code,
    reason = "the library says so of keys that nobody changes"
)]
unsafe impl Send for Owned<library::EVP_PKEY> {}
// SAFETY: as above.
#[expect(
    unsafe_code,
    reason = "the library says so of keys that nobody changes"
)]
unsafe impl Sync for Owned<library::EVP_PKEY> {}

trait Free {
    fn free(pointer: NonNull<Self>);
}

impl Free for library::EVP_PKEY {
    #[expect(unsafe_code, reason = "calls into the cryptographic library")]
    fn free(pointer: NonNull<Self>) {
        // SAFETY: only `Owned` calls this, once, with the one reference that it has.
        unsafe { library::EVP_PKEY_free(pointer.as_ptr()) }
    }
}

impl Free for library::EVP_MD_CTX {
    #[expect(unsafe_code, reason = "calls into the cryptographic library")]
    fn free(pointer: NonNull<Self>) {
        // SAFETY: only `Owned` calls this, once, with a context that nobody else has.
        unsafe { library::EVP_MD_CTX_free(pointer.as_ptr()) }
    }
}

#[cfg(test)]
mod tests;
