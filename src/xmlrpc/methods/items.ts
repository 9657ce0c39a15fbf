import { ITEM_TYPES, type ItemType } from '../../domain/inventory';
import type { Touched } from '../../actions/authorize';
import { cx } from '../fault';
import { isTruthy, wordOf } from '../item-wire';
import { defineMethod, type Method, type Param } from '../method';
import { Double, type XmlRpcValue } from '../value';
import { copy, modifyItem, newItem, remove, rename, saveItem } from './change-items';
import { ANY_TOKEN, HANDLE, NAME, TOKEN, WHAT, type ItemMethodDeps } from './item-methods';
import { find, findPaged, getHandle, getItem, getItems, getItemsSince, readType } from './read-items';
import { getRendered, renderedMethods } from './rendered';
import { repoMethods } from './repos';

const FLATTEN: Param = { name: 'flatten', type: 'boolean', default: false };
const RESOLVED: Param = { name: 'resolved', type: 'boolean', default: false };
const ATTRIBUTE: Param = { name: 'attribute', type: 'string' };
const VALUE: Param = { name: 'arg', type: 'any' };
const NEW_NAME: Param = { name: 'newname', type: 'string' };
const CRITERIA: Param = { name: 'criteria', type: 'struct', default: null };
const EDIT_MODE: Param = { name: 'editmode', type: 'string', default: 'bypass' };
const RECURSIVE: Param = { name: 'recursive', type: 'boolean', default: true };
const PAGING: Param[] = [
  { name: 'page', type: 'int', default: null },
  { name: 'results_per_page', type: 'int', default: null },
];

const STAGED = 'Nobody sees it before it is saved.';

/** The methods of every item type, and those that take the type as an argument. */
export function itemMethods(deps: ItemMethodDeps): Method[] {
  return [
    ...ITEM_TYPES.flatMap((type) => methodsOf(deps, type)),
    ...anyTypeMethods(deps),
    ...renderedMethods(deps),
    ...repoMethods(deps),
  ];
}

function methodsOf(deps: ItemMethodDeps, type: ItemType): Method[] {
  const { name, plural } = type;
  return [...writersOf(deps, type), ...readersOf(deps, type, name, plural)];
}

function writersOf(deps: ItemMethodDeps, type: ItemType): Method[] {
  const { name } = type;
  const access = 'session' as const;
  const touches = ([handle]: readonly XmlRpcValue[]): Touched[] => [{ type: name, handle }];
  return [
    defineMethod({
      name: `new_${name}`,
      params: [TOKEN],
      access,
      resource: `new_${name}`,
      returns: 'string',
      summary: `Starts a new ${name} and answers the handle to edit and save it by. ${STAGED}`,
      run: () => newItem(deps, type, false),
    }),
    defineMethod({
      name: `modify_${name}`,
      params: [HANDLE, ATTRIBUTE, VALUE, TOKEN],
      access,
      resource: `modify_${name}`,
      touches,
      returns: 'boolean',
      summary: `Sets one attribute of the ${name} of a handle; false for an unknown one. ${STAGED}`,
      run: (args, _call, session) => modifyItem(deps, type, args, { session, token: args[3]! }),
    }),
    defineMethod({
      name: `save_${name}`,
      params: [HANDLE, TOKEN, EDIT_MODE],
      access,
      resource: `save_${name}`,
      touches,
      returns: 'boolean',
      summary: `Saves the ${name} of a handle. editmode "new" refuses a name that is taken, "bypass" overwrites it.`,
      run: ([handle, token, mode], _call, session) =>
        saveItem(deps, type, [handle!, mode!], { session, token: token! }),
    }),
    defineMethod({
      name: `copy_${name}`,
      params: [HANDLE, NEW_NAME, ANY_TOKEN],
      access,
      resource: `copy_${name}`,
      touches,
      returns: 'boolean',
      summary: `Saves a copy of the ${name} of a handle under another name.`,
      run: (args, _call, session) => copy(deps, type, args, { session, token: args[2]! }),
    }),
    defineMethod({
      name: `rename_${name}`,
      params: [HANDLE, NEW_NAME, ANY_TOKEN],
      access,
      resource: `modify_${name}`,
      touches,
      returns: 'boolean',
      summary: `Gives the ${name} of a handle another name; what refers to it follows.`,
      run: (args, _call, session) => rename(deps, type, args, { session, token: args[2]! }),
    }),
    defineMethod({
      name: `remove_${name}`,
      params: [NAME, TOKEN, RECURSIVE],
      access,
      resource: `remove_${name}`,
      touches: ([itemName, , recursive]) => [{ type: name, name: itemName, below: isTruthy(recursive) }],
      returns: 'boolean',
      summary: `Removes the ${name} of that name, and with recursive all that refers to it.`,
      run: ([itemName, token, recursive], _call, session) =>
        remove(deps, type, [itemName!, recursive!], { session, token: token! }),
    }),
  ];
}

function readersOf(deps: ItemMethodDeps, type: ItemType, name: string, plural: string): Method[] {
  const common = { access: 'public', concurrent: true } as const;
  return [
    defineMethod({
      ...common,
      name: `get_${name}`,
      params: [NAME, FLATTEN, RESOLVED, ANY_TOKEN],
      returns: 'struct',
      summary: `The ${name} of that name as stored, or "~". flatten: structs as text; resolved: with inherited values.`,
      run: (args) => getItem(deps, type, args),
    }),
    defineMethod({
      ...common,
      name: `get_${plural}`,
      params: [...PAGING, ANY_TOKEN],
      returns: 'array',
      summary: `All ${plural} as stored.`,
      run: (args) => getItems(deps, type, args),
    }),
    defineMethod({
      ...common,
      name: `get_${plural}_since`,
      params: [{ name: 'mtime', type: 'double' }],
      returns: 'array',
      summary: `The ${plural} changed at or after a time in seconds since 1970.`,
      run: (args) => getItemsSince(deps, type, args),
    }),
    defineMethod({
      ...common,
      name: `get_${name}_handle`,
      params: [NAME, ANY_TOKEN],
      returns: 'string',
      summary: `The handle of the saved ${name} of that name.`,
      run: ([itemName]) => getHandle(deps, name, itemName!),
    }),
    defineMethod({
      ...common,
      name: `find_${name}`,
      params: [CRITERIA, { name: 'expand', type: 'boolean', default: false }, ANY_TOKEN],
      returns: 'array',
      summary: `Names of the ${plural} that meet all criteria (field → pattern); with expand the ${plural} themselves.`,
      run: (args) => find(deps, name, { sortField: null, expand: isTruthy(args[1]) }, args),
    }),
    ...[`get_${name}_as_rendered`, `get_${name}_for_koan`].map((methodName) =>
      defineMethod({
        ...common,
        name: methodName,
        params: [NAME, ANY_TOKEN],
        returns: 'struct',
        summary: `The ${name} of that name combined with all it inherits and the settings; {} when there is none.`,
        run: (args) => getRendered(deps, type, args),
      }),
    ),
  ];
}

function anyTypeMethods(deps: ItemMethodDeps): Method[] {
  return [...anyTypeWriters(deps), ...anyTypeReaders(deps)];
}

function anyTypeWriters(deps: ItemMethodDeps): Method[] {
  const access = 'session' as const;
  const touches = ([type, handle]: readonly XmlRpcValue[]): Touched[] => [{ type, handle }];
  return [
    defineMethod({
      name: 'new_item',
      params: [WHAT, TOKEN, { name: 'is_subobject', type: 'boolean', default: false }],
      access,
      resource: 'new_item',
      returns: 'string',
      summary: `Starts a new item of a type and answers its handle. ${STAGED}`,
      run: ([what, , isSubobject]) => {
        const type = ITEM_TYPES.find(({ name }) => name === what);
        if (!type) throw cx(`internal error, collection name is "${wordOf(what)}"`);
        return newItem(deps, type, isTruthy(isSubobject));
      },
    }),
    defineMethod({
      name: 'new_subprofile',
      params: [TOKEN],
      access,
      resource: 'new_profile',
      returns: 'string',
      summary: `Starts a new profile that is to go below another one. ${STAGED}`,
      run: () => newItem(deps, readType('profile'), true),
    }),
    defineMethod({
      name: 'modify_item',
      params: [WHAT, HANDLE, ATTRIBUTE, VALUE, TOKEN],
      access,
      resource: 'modify_item',
      touches,
      returns: 'boolean',
      summary: `Sets one attribute of the item of a handle; false for an unknown one. ${STAGED}`,
      run: ([what, ...args], _call, session) => modifyItem(deps, readType(what!), args, { session, token: args[3]! }),
    }),
    defineMethod({
      name: 'save_item',
      params: [WHAT, HANDLE, TOKEN, EDIT_MODE],
      access,
      resource: 'save_item',
      touches,
      returns: 'boolean',
      summary: 'Saves the item of a handle. editmode "new" refuses a name that is taken, "bypass" overwrites it.',
      run: ([what, handle, token, mode], _call, session) =>
        saveItem(deps, readType(what!), [handle!, mode!], { session, token: token! }),
    }),
    defineMethod({
      name: 'copy_item',
      params: [WHAT, HANDLE, NEW_NAME, TOKEN],
      access,
      resource: 'copy_item',
      touches,
      returns: 'boolean',
      summary: 'Saves a copy of the item of a handle under another name.',
      run: ([what, ...args], _call, session) => copy(deps, readType(what!), args, { session, token: args[2]! }),
    }),
    defineMethod({
      name: 'rename_item',
      params: [WHAT, HANDLE, NEW_NAME, ANY_TOKEN],
      access,
      resource: 'modify_item',
      touches,
      returns: 'boolean',
      summary: 'Gives the item of a handle another name; what refers to it follows.',
      run: ([what, ...args], _call, session) => rename(deps, readType(what!), args, { session, token: args[2]! }),
    }),
    defineMethod({
      name: 'remove_item',
      params: [WHAT, NAME, TOKEN, RECURSIVE],
      access,
      resource: 'remove_item',
      touches: ([type, name, , recursive]) => [{ type, name, below: isTruthy(recursive) }],
      returns: 'boolean',
      summary: 'Removes the item of that type and name, and with recursive all that refers to it.',
      run: ([what, name, token, recursive], _call, session) =>
        remove(deps, readType(what!), [name!, recursive!], { session, token: token! }),
    }),
  ];
}

function anyTypeReaders(deps: ItemMethodDeps): Method[] {
  const common = { access: 'public', concurrent: true } as const;
  const { inventory } = deps.store;
  return [
    defineMethod({
      ...common,
      name: 'get_item',
      params: [WHAT, NAME, FLATTEN, RESOLVED],
      returns: 'struct',
      summary: 'The item of that type and name as stored, or "~".',
      run: ([what, ...args]) => getItem(deps, readType(what!), args),
    }),
    defineMethod({
      ...common,
      name: 'get_items',
      params: [WHAT],
      returns: 'array',
      summary: 'All items of a type as stored.',
      run: ([what]) => getItems(deps, readType(what!), []),
    }),
    defineMethod({
      ...common,
      name: 'get_item_names',
      params: [WHAT],
      returns: 'array',
      summary: 'Names of all items of a type, in the order they came to be.',
      run: ([what]) => inventory.names(readType(what!)),
    }),
    defineMethod({
      ...common,
      name: 'has_item',
      params: [WHAT, NAME, ANY_TOKEN],
      returns: 'boolean',
      summary: 'True when there is an item of that type and name.',
      run: async ([what, name]) => {
        const type = readType(what!);
        return typeof name === 'string' && inventory.has(type, name);
      },
    }),
    defineMethod({
      ...common,
      name: 'get_item_handle',
      params: [WHAT, NAME, ANY_TOKEN],
      returns: 'string',
      summary: 'The handle of the saved item of that type and name.',
      run: ([what, name]) => {
        readType(what!);
        return getHandle(deps, wordOf(what), name!);
      },
    }),
    defineMethod({
      ...common,
      name: 'find_items',
      params: [
        WHAT,
        CRITERIA,
        { name: 'sort_field', type: 'string', default: null },
        { name: 'expand', type: 'boolean', default: true },
      ],
      returns: 'array',
      summary: 'The items of a type that meet all criteria (field → pattern); without expand their names.',
      run: ([what, criteria, sortField, expand]) =>
        find(deps, what!, { sortField: sortField!, expand: isTruthy(expand) }, [criteria!, expand!]),
    }),
    defineMethod({
      ...common,
      name: 'find_items_paged',
      params: [
        WHAT,
        CRITERIA,
        { name: 'sort_field', type: 'string', default: null },
        { name: 'page', type: 'int', default: 1 },
        { name: 'items_per_page', type: 'int', default: 25 },
        ANY_TOKEN,
      ],
      returns: 'struct',
      summary: 'One page of the items that meet all criteria, and where it lies.',
      run: (args) => findPaged(deps, args),
    }),
    defineMethod({
      ...common,
      name: 'last_modified_time',
      params: [ANY_TOKEN],
      returns: 'double',
      summary: 'When an item was last changed or removed, in seconds since 1970; 0 before the first.',
      run: async () => new Double(await inventory.lastModified()),
    }),
  ];
}
