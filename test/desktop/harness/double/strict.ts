/** Wraps a part of the double so that an API it lacks throws at the first touch instead of being undefined. */
export function strict<T extends object>(name: string, target: T): T {
  return new Proxy(target, {
    get(object, key, receiver) {
      // `then` is asked for by every await; symbols by inspection.
      if (typeof key === 'string' && key !== 'then' && key !== 'toJSON' && !(key in object)) throw new Error(`the double has no electron ${name}.${key}`);
      return Reflect.get(object, key, receiver) as unknown;
    },
    set(object, key, value, receiver) {
      if (!(key in object)) throw new Error(`the double has no electron ${name}.${String(key)} to set`);
      return Reflect.set(object, key, value, receiver);
    },
  });
}

export interface PreventableEvent {
  defaultPrevented: boolean;
  preventDefault(): void;
}

export function preventable<T extends object>(fields: T): T & PreventableEvent {
  const event = {
    ...fields,
    defaultPrevented: false,
    preventDefault() {
      event.defaultPrevented = true;
    },
  };
  return event;
}
