/** Words for what a file system answers. */

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'is a directory',
  ENOTDIR: 'not a directory',
  ENOSPC: 'no space left on device',
  EDQUOT: 'disk quota exceeded',
  EFBIG: 'file too large',
  EROFS: 'read-only file system',
  EIO: 'input/output error',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files in the system',
  ENAMETOOLONG: 'name too long',
  ELOOP: 'too many levels of symbolic links',
  EXDEV: 'on another file system',
  EINVAL: 'invalid argument',
  ENOTSUP: 'operation not supported',
  EOPNOTSUPP: 'operation not supported',
  EEXIST: 'file already exists',
  EMLINK: 'too many links',
  EBUSY: 'resource busy',
  ESTALE: 'stale file handle',
  ETIMEDOUT: 'timed out',
};

/** Whether Node's file system raised it: such an error has a code, and the path is no news to who gave it. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}

/** A few words for a log line; any other error's own message. */
export function fileErrorInWords(error: unknown): string {
  if (isSystemError(error)) return WORDS[error.code ?? ''] ?? error.code ?? error.message;
  return error instanceof Error ? error.message : String(error);
}
