import { createHash, randomBytes } from 'node:crypto';
import { findItemType, type ItemType } from '../domain/inventory';
import type { HandleRef } from '../actions/save-item';
import { attributeError, typeError, valueError } from './fault';
import { pythonType } from './item-wire';
import type { XmlRpcValue } from './value';

const NEW = '___NEW___';

/** A handle for a new item; 200 random bits make it a secret. */
export function makeHandle(type: ItemType): string {
  return `${NEW}${type.name}::${randomBytes(25).toString('base64')}`;
}

/** The handle of a saved item. Everybody can make it. */
export function savedHandle(typeName: string, name: string): string {
  return `${typeName}::${name}`;
}

/**
 * What a handle stands for when the caller of this session uses it with a method of `type`.
 *
 * @throws Fault when it is no handle, or one of another type.
 */
export function readHandle(handle: XmlRpcValue, type: ItemType, token: XmlRpcValue): HandleRef {
  if (typeof handle !== 'string') {
    throw attributeError(`'${pythonType(handle)}' object has no attribute 'startswith'`);
  }
  const cut = handle.indexOf('::');
  if (cut === -1) throw valueError('not enough values to unpack (expected 2, got 1)');
  const isNew = handle.startsWith(NEW);
  const typeName = handle.slice(isNew ? NEW.length : 0, cut);
  if (findItemType(typeName) && typeName !== type.name) {
    throw typeError('API error: storing wrong data type in collection');
  }
  if (isNew) return { kind: 'new', type, handle };
  return { kind: 'saved', type, owner: sessionKey(token), handle, name: handle.slice(cut + 2) };
}

/** Tells sessions apart without keeping their tokens. */
function sessionKey(token: XmlRpcValue): string {
  return createHash('sha256')
    .update(typeof token === 'string' ? token : '')
    .digest('hex');
}
