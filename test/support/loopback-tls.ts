import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'

/** A certificate for 127.0.0.1 that its own key signs, until 2126. It opens nothing and nobody trusts it. */
export const LOOPBACK_TLS = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBoTCCAUegAwIBAgIURIkMmaQKrDVFbrmtW5wWDxVQjRIwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMU2x1aWNlIHRlc3RzMCAXDTI2MTEyMTEyMDczMloYDzIxMjYx
MDI4MTIwNzMyWjAXMRUwEwYDVQQDDAxTbHVpY2UgdGVzdHMwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAASb1nBlE8/FY31QhA6mrPk6lqjfsFeF86gEuhJLG5clGFqg
mhRJ8rdLcfltXdTfhDh+n3riFNw/Qpl8qbTfm7c6o28wbTAdBgNVHQ4EFgQUUGo9
A8LS47klT/Oe4xoPemrP6u8wHwYDVR0jBBgwFoAUUGo9A8LS47klT/Oe4xoPemrP
6u8wDwYDVR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3Qw
CgYIKoZIzj0EAwIDSAAwRQIhAKOdr6Sf9K7lYvtVjvlOgpliFHjjj2bt+G/DZnzA
4F9uAiBCOcCORf32UQL2xvl1WzlRubXHDnyGBEaaIXzDFCHxcA==
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgDdnTBHM4GQ8kevvI
cGpeUHvmzxp4izIZw6F/If/h5S6hRANCAASb1nBlE8/FY31QhA6mrPk6lqjfsFeF
86gEuhJLG5clGFqgmhRJ8rdLcfltXdTfhDh+n3riFNw/Qpl8qbTfm7c6
-----END PRIVATE KEY-----`,
} as const

/** Both as files. */
export function loopbackTlsFiles(t: Test): { readonly cert: string; readonly key: string } {
  const folder = t.testdir()
  const pathOf = (name: 'cert' | 'key'): string => {
    const path = join(folder, `${name}.pem`)
    writeFileSync(path, LOOPBACK_TLS[name])
    return path
  }
  return { cert: pathOf('cert'), key: pathOf('key') }
}
