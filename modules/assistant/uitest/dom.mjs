// As much of a document as drawing Markdown takes. What is not here, such as innerHTML, must not be used.

class Node {
  parent = null;
  remove() {
    if (this.parent) this.parent.children.splice(this.parent.children.indexOf(this), 1);
    this.parent = null;
  }
}

class Text extends Node {
  constructor(text) {
    super();
    this.text = text;
  }
  get html() {
    return this.text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  }
  get textContent() {
    return this.text;
  }
}

class Element extends Node {
  children = [];
  attributes = new Map();
  constructor(tag, document) {
    super();
    this.tag = tag;
    this.ownerDocument = document;
  }
  append(...nodes) {
    for (const node of nodes) {
      const child = typeof node === 'string' ? new Text(node) : node;
      child.remove();
      child.parent = this;
      this.children.push(child);
    }
  }
  setAttribute(name, value) {
    this.attributes.set(name, String(value));
  }
  get html() {
    const attributes = [...this.attributes].map(([name, value]) => ` ${name}="${value}"`).join('');
    return `<${this.tag}${attributes}>${this.children.map((child) => child.html).join('')}</${this.tag}>`;
  }
  get textContent() {
    return this.children.map((child) => child.textContent).join('');
  }
}

export const document = {
  createElement: (tag) => new Element(tag, document),
  createTextNode: (text) => new Text(text),
};
