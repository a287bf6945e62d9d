import { defaultTreeAdapter as tree, parse, type DefaultTreeAdapterTypes } from 'parse5';

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

/** A control that holds a value. */
interface Field {
  readonly name: string;
  readonly type: string;
  readonly value: string;
  /** Whether it is sent as it stands: false for a box that is not ticked. */
  readonly sent: boolean;
}

/** A control that submits its form. */
export interface Button {
  readonly name: string;
  readonly value: string;
  readonly text: string;
  readonly action: string | undefined;
}

export interface Form {
  /** Absolute URL. */
  readonly action: string;
  readonly method: 'GET' | 'POST';
  readonly fields: readonly Field[];
  readonly buttons: readonly Button[];
}

/** What a browser without scripts makes of an HTML document. */
export interface Document {
  readonly title: string;
  readonly text: string;
  readonly forms: readonly Form[];
  readonly links: readonly { readonly text: string; readonly url: string }[];
  /** Where the document sends the browser by itself (a refresh in a meta element). */
  readonly refresh: string | undefined;
  /** Its referrer policy, where a meta element states one. */
  readonly referrer: string | undefined;
}

const fold = (text: string) => text.replaceAll(/\s+/gu, ' ').trim();
const attribute = (element: Element, name: string) => element.attrs.find((each) => each.name === name)?.value;

function* descendants(root: Node): Generator<Element> {
  // A stack, not recursion: a hostile page nests as deep as its size allows.
  const open: Node[] = [root];
  for (let node = open.pop(); node; node = open.pop()) {
    if (tree.isElementNode(node)) yield node;
    if ('childNodes' in node) open.push(...node.childNodes.toReversed());
  }
}

const unseen = new Set(['head', 'script', 'style', 'template', 'noscript', 'svg', 'option', 'textarea']);
const inline = new Set(
  'a abbr b bdi bdo cite code data dfn em font i kbd mark q s samp small span strong sub sup time u var wbr'.split(
    ' ',
  ),
);

function textOf(root: Node): string {
  let text = '';
  const open: (Node | string)[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (typeof node === 'string') text += node;
    else if (tree.isTextNode(node)) text += node.value;
    else if ('childNodes' in node) {
      if (tree.isElementNode(node)) {
        if (unseen.has(node.tagName) || attribute(node, 'hidden') !== undefined) continue;
        const edge = inline.has(node.tagName) ? '' : ' ';
        text += edge;
        open.push(edge);
      }
      open.push(...node.childNodes.toReversed());
    }
  }
  return fold(text);
}

const resolve = (url: string | undefined, base: string): string => URL.parse(url ?? '', base)?.href ?? base;

function buttonOf(element: Element, base: string): Button | undefined {
  const type = attribute(element, 'type')?.toLowerCase();
  const isButton = element.tagName === 'button' && (type === undefined || type === 'submit');
  const isInput = element.tagName === 'input' && (type === 'submit' || type === 'image');
  if (!isButton && !isInput) return undefined;
  const value = attribute(element, 'value') ?? '';
  const action = attribute(element, 'formaction');
  return {
    name: attribute(element, 'name') ?? '',
    value,
    text: isButton ? textOf(element) : value,
    action: action === undefined ? undefined : resolve(action, base),
  };
}

function fieldOf(element: Element): Field | undefined {
  const name = attribute(element, 'name') ?? '';
  const type = attribute(element, 'type')?.toLowerCase() ?? 'text';
  if (name === '' || attribute(element, 'disabled') !== undefined) return undefined;
  if (element.tagName === 'textarea') {
    const value = element.childNodes.map((node) => (tree.isTextNode(node) ? node.value : '')).join('');
    return { name, type: 'textarea', value, sent: true };
  }
  if (element.tagName === 'select') {
    const options = [...descendants(element)].filter(({ tagName }) => tagName === 'option');
    const chosen = options.find((option) => attribute(option, 'selected') !== undefined) ?? options[0];
    const value = chosen ? (attribute(chosen, 'value') ?? fold(textOf(chosen))) : '';
    return { name, type: 'select', value, sent: chosen !== undefined };
  }
  if (element.tagName !== 'input' || ['submit', 'image', 'button', 'reset', 'file'].includes(type))
    return undefined;
  const box = type === 'checkbox' || type === 'radio';
  return {
    name,
    type,
    value: attribute(element, 'value') ?? (box ? 'on' : ''),
    sent: !box || attribute(element, 'checked') !== undefined,
  };
}

function ownerOf(element: Element, byId: ReadonlyMap<string, Element>): Element | undefined {
  const named = attribute(element, 'form');
  if (named !== undefined) return byId.get(named);
  for (
    let node = tree.getParentNode(element);
    node;
    node = tree.isElementNode(node) ? tree.getParentNode(node) : null
  )
    if (tree.isElementNode(node) && node.tagName === 'form') return node;
  return undefined;
}

/** Reads an HTML document that came from `url`. */
export function readPage(html: string, url: string): Document {
  const root = parse(html);
  const elements = [...descendants(root)];
  const base = resolve(
    elements.flatMap((each) => (each.tagName === 'base' ? (attribute(each, 'href') ?? []) : []))[0],
    url,
  );
  const formElements = elements.filter(({ tagName }) => tagName === 'form');
  const byId = new Map(formElements.map((form) => [attribute(form, 'id') ?? '', form]));
  const controls = new Map(
    formElements.map((form) => [form, { fields: [] as Field[], buttons: [] as Button[] }]),
  );
  let title = '';
  let refresh: string | undefined;
  let referrer: string | undefined;
  const links: { text: string; url: string }[] = [];
  for (const element of elements) {
    if (element.tagName === 'title' && title === '')
      title = fold(element.childNodes.map((node) => (tree.isTextNode(node) ? node.value : '')).join(''));
    else if (element.tagName === 'a' && attribute(element, 'href') !== undefined)
      links.push({ text: textOf(element), url: resolve(attribute(element, 'href'), base) });
    else if (element.tagName === 'meta' && attribute(element, 'http-equiv')?.toLowerCase() === 'refresh') {
      const [, target] =
        /^\s*\d+\s*[;,]\s*url\s*=\s*["']?([^"']+)/iu.exec(attribute(element, 'content') ?? '') ?? [];
      if (target !== undefined) refresh ??= resolve(target.trim(), base);
    } else if (element.tagName === 'meta' && attribute(element, 'name')?.toLowerCase() === 'referrer')
      referrer = attribute(element, 'content') ?? referrer;
    const owner = ['input', 'button', 'select', 'textarea'].includes(element.tagName)
      ? ownerOf(element, byId)
      : undefined;
    const own = owner && controls.get(owner);
    if (!own) continue;
    const button = buttonOf(element, base);
    const field = fieldOf(element);
    if (button) own.buttons.push(button);
    else if (field) own.fields.push(field);
  }
  const forms = formElements.map((form) => ({
    action: resolve(attribute(form, 'action') || undefined, attribute(form, 'action') ? base : url),
    method: attribute(form, 'method')?.toLowerCase() === 'post' ? ('POST' as const) : ('GET' as const),
    fields: controls.get(form)?.fields ?? [],
    buttons: controls.get(form)?.buttons ?? [],
  }));
  return { title, text: textOf(root), forms, links, refresh, referrer };
}
