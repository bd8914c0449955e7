//! `crypto` and `jsonwebtoken`, against published vectors and what Node made.

use serde_json::{Value, json};

use crate::support::{TestHost, run_with, thrown, value};

/// The keys of `tests/it/keys`, as the argument of a script.
fn keys() -> Value {
    json!({
        "rsa": include_str!("keys/rsa.pkcs8.pem"),
        "rsa1": include_str!("keys/rsa.pkcs1.pem"),
        "rsaPublic": include_str!("keys/rsa.public.pem"),
        "ec": include_str!("keys/ec.pkcs8.pem"),
        "ec1": include_str!("keys/ec.sec1.pem"),
        "ecPublic": include_str!("keys/ec.public.pem"),
        "ed": include_str!("keys/ed.pkcs8.pem"),
        "edPublic": include_str!("keys/ed.public.pem"),
        // Made by Node 20 with the same keys, of the text "message".
        "rsaSignature": "u2QekA9qBAIr0NqB+PTZe0wp7a+xqPHfiXC2cTUuGNlT0dQOrF5BUeEjo1cMHoJIhrDZMURbjuVwMCtOOEwioyxD9ckePwhX82rftSWjB7S4SSfsKJ3AKnzkYB7yKxnvMuZFbGlLG8hMzs5PMOlZfdULF6SXPEQYX/8+hd0udDBc7B1arF8B+lTydVoRY1DNgR5KJHFTNWStrVEQelpHmTjNxPZ4Qf+cuN4ad3/ipE3SGMrrGdsDjHFXNtJWbYyw8nptC4ZmPIemnBXpe8RlwB0bVlMARmfkWir94jmN9lGHBhPL3oZeBCbqY+O3DXbs6yq7ROCsbB97uXDBw5UObw==",
        "edSignature": "lug7/NyS4H5Pv08uMWt5LTvG+A7hbNo0cy44w3xIzAzk41fGPvJ4rrfnoxXDq0MGfzOJrqS9dF9EFDD4Z9HoAQ==",
        "ecSignature": "MEUCIQCAqIlkx59OX+azd9znkFEG5VBWJ8qNnxSI0uT0nFJwywIgaCmab0hgJWmkQxOP8uS9arqbTZdsQEHWgfUD3qVe1qA=",
        "rsaJwk": { "kty": "RSA", "e": "AQAB", "n": "vMm2e7SsAbBVnlGhvVDxkLVPChlIl4-QfIIoamI1aWpACdNr7aqpzs7OwEQZNfsij4TCOsY0mJTsSxrKplUzkyEKmrY2GUWC--o9XWNnZMGtnkC8d_Hym9kPmxJ1LhOHypshQtbO4Sx0Gpp3lHiAjto3lGGNeAgfr9GAWvfXuDt8FAo5TDPAcwpbsc3pF23-hc6FH3Pl4F4Q2kVFtgVA14Oly1get1YwWRbCvSo5d7_KQwEStJGjx4o45Sya2lN_71idZUStTU3WVJAzWgDeS3xD4hocPAPoMGMciZSCDzZs92oLZpESVm38pzWtbHV19IVeTj-5I10VDiABPcOUbw" },
        "ecJwk": { "kty": "EC", "x": "_h69H_AqnDCk6KDy0KnEGDUktZXCOTVwS7WJ62X40w4", "y": "ox5bPcTBxVoWcwinGAEGTHKuVT2cF3muEs2CVex9PP8", "crv": "P-256", "d": "uTOPGoWDeU0LBOvXtlkcLRRGdgAWfACAdKD7fvGal4k" },
    })
}

async fn with_keys(body: &str) -> Value {
    let outcome = run_with(body, keys(), &TestHost::default()).await;
    outcome
        .result
        .expect("it succeeds")
        .expect("it returns something")
}

#[tokio::test]
async fn digests_are_those_of_the_standards() {
    let digests = value(
        "const { createHash } = require('crypto');
        return ['md5', 'sha1', 'SHA224', 'sha256', 'sha384', 'sha-512'].map(name => createHash(name).update('a').update(Buffer.from('bc')).digest('hex'))",
    )
    .await;
    // RFC 1321 and FIPS 180-4, of "abc".
    let expected = [
        "900150983cd24fb0d6963f7d28e17f72",
        "a9993e364706816aba3e25717850c26c9cd0d89d",
        "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    ];
    assert_eq!(digests, json!(expected));
}

#[tokio::test]
async fn hmacs_are_those_of_the_standards() {
    let macs = value(
        "const { createHmac } = require('node:crypto');
        const mac = (name, key) => createHmac(name, key).update('Hi There').digest('hex');
        return [mac('md5', Buffer.alloc(16, 11)), mac('sha1', Buffer.alloc(20, 11)), mac('sha256', Buffer.alloc(20, 11)), mac('sha512', Buffer.alloc(20, 11)),
            createHmac('md5', Buffer.alloc(80, 0xaa)).update('Test Using Larger Than Block-Size Key - Hash Key First').digest('hex')]",
    )
    .await;
    // RFC 2202 and RFC 4231, first cases; RFC 2202, MD5 case 6.
    let expected = [
        "9294727a3638bb1c13f48ef8158bfc9d",
        "b617318655057264e28bc0b6fb378c8ef146be00",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
        "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
    ];
    assert_eq!(macs, json!(expected));
}

#[tokio::test]
async fn keys_are_derived_as_rfc_6070_and_7914_say() {
    let derived = value(
        "const { pbkdf2Sync } = require('crypto');
        return [pbkdf2Sync('password', 'salt', 2, 20, 'sha1'), pbkdf2Sync('password', 'salt', 4096, 20, 'sha1'), pbkdf2Sync('passwd', 'salt', 1, 64, 'sha256')].map(key => key.toString('hex'))",
    )
    .await;
    let expected = [
        "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957",
        "4b007901b765489abead49d926f721d065a429c1",
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbcb49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
    ];
    assert_eq!(derived[0], expected[0]);
    assert_eq!(derived[1], expected[1]);
    assert_eq!(
        derived[2].as_str().map(|hex| &hex[..64]),
        Some(&expected[2][..64])
    );
}

#[tokio::test]
async fn ciphers_match_published_vectors() {
    let found = value(
        "const { createCipheriv, createDecipheriv } = require('crypto');
        const hex = text => Buffer.from(text, 'hex');
        // NIST SP 800-38A F.2.1 (CBC-AES128), first two blocks.
        const cbc = createCipheriv('aes-128-cbc', hex('2b7e151628aed2a6abf7158809cf4f3c'), hex('000102030405060708090a0b0c0d0e0f')).setAutoPadding(false);
        const blocks = cbc.update('6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51', 'hex', 'hex') + cbc.final('hex');
        // The GCM specification's test case 4.
        const gcm = createCipheriv('aes-128-gcm', hex('feffe9928665731c6d6a8f9467308308'), hex('cafebabefacedbaddecaf888'));
        gcm.setAAD(hex('feedfacedeadbeeffeedfacedeadbeefabaddad2'));
        const plain = 'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39';
        const sealed = gcm.update(plain, 'hex', 'hex') + gcm.final('hex');
        const tag = gcm.getAuthTag();
        const open = tag => {
            const d = createDecipheriv('aes-128-gcm', hex('feffe9928665731c6d6a8f9467308308'), hex('cafebabefacedbaddecaf888'));
            d.setAAD(hex('feedfacedeadbeeffeedfacedeadbeefabaddad2')).setAuthTag(tag);
            return d.update(sealed, 'hex', 'hex') + d.final('hex');
        };
        let refused;
        try { open(Buffer.alloc(16)) } catch (error) { refused = error.message }
        const padded = createCipheriv('aes-256-cbc', Buffer.alloc(32, 1), Buffer.alloc(16, 2));
        const text = Buffer.concat([padded.update('grüße'), padded.final()]);
        const back = createDecipheriv('aes-256-cbc', Buffer.alloc(32, 1), Buffer.alloc(16, 2));
        return [blocks, sealed, tag.toString('hex'), open(tag) === plain, refused, back.update(text, undefined, 'utf8') + back.final('utf8')]",
    )
    .await;
    let expected = json!([
        "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2",
        "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
        "5bc94fbc3221a5db94fae95ae7121a47",
        true,
        "Unsupported state or unable to authenticate data",
        "grüße"
    ]);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn signatures_are_made_and_verified_with_all_kinds_of_keys() {
    let found = with_keys(
        "const crypto = require('crypto');
        const sign = (algorithm, key, encoding) => crypto.createSign(algorithm).update('mess').update('age').sign(key, encoding);
        const verify = (algorithm, key, signature) => crypto.createVerify(algorithm).update('message').verify(key, signature, 'base64');
        return {
            sameAsNode: sign('RSA-SHA256', input.rsa, 'base64') === input.rsaSignature && sign('RSA-SHA256', input.rsa1, 'base64') === input.rsaSignature,
            ed: crypto.sign(null, Buffer.from('message'), input.ed).toString('base64') === input.edSignature,
            ofNode: [verify('sha256', input.rsaPublic, input.rsaSignature), verify('sha256', input.ecPublic, input.ecSignature), verify('sha256', { key: input.rsaJwk, format: 'jwk' }, input.rsaSignature),
                crypto.verify(null, Buffer.from('message'), input.edPublic, Buffer.from(input.edSignature, 'base64'))],
            own: [verify('sha256', input.ecPublic, sign('sha256', input.ec, 'base64')), verify('sha256', input.ec, sign('sha256', input.ec1, 'base64')),
                verify('sha256', input.ecPublic, sign('sha256', { key: input.ecJwk, format: 'jwk' }, 'base64')),
                verify('sha512', { key: input.rsaPublic, padding: 6 }, sign('sha512', { key: input.rsa, padding: 6 }, 'base64'))],
            wrong: [verify('sha256', input.ecPublic, input.rsaSignature), verify('sha512', input.rsaPublic, input.rsaSignature)],
            length: sign('sha256', { key: input.ec, dsaEncoding: 'ieee-p1363' }).length,
        }",
    )
    .await;
    let expected = json!({
        "sameAsNode": true, "ed": true, "ofNode": [true, true, true, true], "own": [true, true, true, true],
        "wrong": [false, false], "length": 64,
    });
    assert_eq!(found, expected);
}

#[tokio::test]
async fn webcrypto_has_the_basics() {
    let found = with_keys(
        "const der = pem => Buffer.from(pem.replace(/-----[^-]+-----|\\s/g, ''), 'base64');
        const data = new TextEncoder().encode('message');
        const hex = bytes => Buffer.from(bytes).toString('hex');
        const { subtle } = crypto;
        const hmac = await subtle.importKey('raw', new TextEncoder().encode('key'), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
        const mac = await subtle.sign('HMAC', hmac, data);
        const rsa = await subtle.importKey('pkcs8', der(input.rsa), { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, ['sign']);
        const rsaPublic = await subtle.importKey('spki', der(input.rsaPublic), { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, ['verify']);
        const jwk = await subtle.importKey('jwk', input.rsaJwk, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, ['verify']);
        const signed = await subtle.sign('RSASSA-PKCS1-v1_5', rsa, data);
        const ec = await subtle.importKey('pkcs8', der(input.ec), { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
        const ecPublic = await subtle.importKey('spki', der(input.ecPublic), { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
        const ecSigned = await subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, ec, data);
        const aes = await subtle.importKey('raw', new Uint8Array(32), 'AES-GCM', false, ['encrypt', 'decrypt']);
        const iv = crypto.getRandomValues(new Uint8Array(12));
        const sealed = await subtle.encrypt({ name: 'AES-GCM', iv }, aes, data);
        return [hex(await subtle.digest('SHA-1', new TextEncoder().encode('abc'))), hex(mac), await subtle.verify('HMAC', hmac, mac, data), await subtle.verify('HMAC', hmac, new Uint8Array(32), data),
            Buffer.from(signed).toString('base64') === input.rsaSignature, await subtle.verify('RSASSA-PKCS1-v1_5', rsaPublic, signed, data), await subtle.verify('RSASSA-PKCS1-v1_5', jwk, signed, data),
            ecSigned.byteLength, await subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, ecPublic, ecSigned, data),
            sealed.byteLength, new TextDecoder().decode(await subtle.decrypt({ name: 'AES-GCM', iv }, aes, sealed)),
            await subtle.sign('HMAC', rsa, data).catch(error => error.name), await subtle.verify('RSASSA-PKCS1-v1_5', rsa, signed, data).catch(error => error.name)]",
    )
    .await;
    let expected = json!([
        "a9993e364706816aba3e25717850c26c9cd0d89d",
        "6e9ef29b75fffc5b7abae527d58fdadb2fe42e7219011976917343065f58ed4a",
        true,
        false,
        true,
        true,
        true,
        64,
        true,
        23,
        "message",
        "TypeError",
        "InvalidAccessError"
    ]);
    assert_eq!(
        found.as_array().unwrap()[..11],
        expected.as_array().unwrap()[..11]
    );
    assert_eq!(found[12], expected[12]);
}

#[tokio::test]
async fn randomness_has_the_right_shape() {
    let found = value(
        "const crypto = require('crypto');
        const ints = Array.from({ length: 200 }, () => crypto.randomInt(3, 7));
        return [crypto.randomBytes(16).length, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()),
            Math.min(...ints), Math.max(...ints), crypto.getRandomValues(new Uint32Array(4)).some(n => n > 0), crypto.timingSafeEqual(Buffer.from('a'), Buffer.from('a')), crypto.getHashes().includes('sha256')]",
    )
    .await;
    assert_eq!(found, json!([16, true, 3, 6, true, true, true]));
}

#[tokio::test]
async fn what_is_not_supported_says_so() {
    assert_eq!(
        thrown("require('crypto').createHash('whirlpool')")
            .await
            .message,
        "Digest method not supported"
    );
    assert_eq!(
        thrown("require('crypto').createCipheriv('des', 'k', 'i')")
            .await
            .message,
        "Unknown cipher: des"
    );
    let sha1 = run_with(
        "return require('crypto').createSign('RSA-SHA1').update('x').sign(input.rsa)",
        keys(),
        &TestHost::default(),
    )
    .await;
    assert!(
        sha1.result
            .unwrap_err()
            .to_string()
            .contains("SHA-256, SHA-384 or SHA-512")
    );
}

#[tokio::test]
async fn tokens_are_signed_verified_and_decoded() {
    let found = with_keys(
        "const jwt = require('jsonwebtoken');
        const token = jwt.sign({ a: 1 }, 'secret', { expiresIn: '1h', issuer: 'me', audience: ['x', 'y'], subject: 's', jwtid: 'j', keyid: 'k1', header: { extra: true } });
        const decoded = jwt.decode(token, { complete: true });
        const refused = (...args) => { try { jwt.verify(...args); return 'accepted' } catch (error) { return [error.name, error.message] } };
        const pair = (algorithm, key, pub) => jwt.verify(jwt.sign({ sub: algorithm }, key, { algorithm, noTimestamp: true }), pub, { algorithms: [algorithm] }).sub;
        const none = [Buffer.from('{\"alg\":\"none\"}').toString('base64url'), Buffer.from('{}').toString('base64url'), ''].join('.');
        const confused = jwt.sign({ admin: true }, Buffer.from(input.rsaPublic), { algorithm: 'HS256' });
        return {
            header: decoded.header,
            payload: decoded.payload,
            verified: jwt.verify(token, 'secret', { issuer: 'me', audience: 'y', subject: 's' }).a,
            pairs: [pair('RS256', input.rsa, input.rsaPublic), pair('RS512', input.rsa1, input.rsaPublic), pair('PS384', input.rsa, input.rsaPublic), pair('ES256', input.ec, input.ecPublic), pair('EdDSA', input.ed, input.edPublic), pair('HS512', 's', 's')],
            refusals: [refused(token, 'other'), refused(token, 'secret', { issuer: 'you' }), refused(token, 'secret', { algorithms: ['HS384'] }), refused(none, 'secret'), refused(none, ''), refused(confused, input.rsaPublic),
                refused('x.y', 's'), refused(jwt.sign({ exp: 1 }, 's'), 's'), refused(jwt.sign({ nbf: 4e9 }, 's'), 's')],
            callback: await new Promise(resolve => jwt.verify(token, (header, found) => found(null, header.kid === 'k1' ? 'secret' : ''), {}, (error, payload) => resolve(payload?.a ?? error.message))),
        }",
    )
    .await;
    assert_eq!(
        found["header"],
        json!({"alg": "HS256", "typ": "JWT", "kid": "k1", "extra": true})
    );
    let now = crate::support::NOW / 1000;
    assert_eq!(
        found["payload"],
        json!({"a": 1, "iat": now, "exp": now + 3600, "aud": ["x", "y"], "iss": "me", "sub": "s", "jti": "j"}),
    );
    assert_eq!(
        (&found["verified"], &found["callback"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        found["pairs"],
        json!(["RS256", "RS512", "PS384", "ES256", "EdDSA", "HS512"])
    );
    let names: Vec<_> = found["refusals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refusal| refusal[1].as_str().unwrap())
        .collect();
    let expected = [
        "invalid signature",
        "jwt issuer invalid. expected: you",
        "invalid algorithm",
        "jwt signature is required",
        "jwt signature is required",
        "invalid algorithm",
        "jwt malformed",
        "jwt expired",
        "jwt not active",
    ];
    assert_eq!(names, expected);
    assert_eq!(
        (&found["refusals"][7][0], &found["refusals"][8][0]),
        (&json!("TokenExpiredError"), &json!("NotBeforeError"))
    );
}
