import { Fragment, type ReactNode } from 'react';
import { parse, type Block, type Inline } from './markdown-parser';

/** Markdown as React elements: HTML in the source stays text, and nothing is ever parsed as HTML. */
export function Markdown({ source }: { source: string }) {
  return <div className="prose">{parse(source).map((block, index) => blockElement(block, index))}</div>;
}

function blockElement(block: Block, key: number): ReactNode {
  switch (block.kind) {
    case 'heading':
      // Panel titles are h3; what is inside a panel ranks below.
      return block.level === 1 ? (
        <h4 key={key}>{inline(block.text)}</h4>
      ) : (
        <h5 key={key}>{inline(block.text)}</h5>
      );
    case 'paragraph':
      return <p key={key}>{inline(block.text)}</p>;
    case 'code':
      return (
        <pre key={key} tabIndex={0}>
          <code>{block.text}</code>
        </pre>
      );
    case 'rule':
      return <hr key={key} />;
    case 'quote':
      return <blockquote key={key}>{block.blocks.map(blockElement)}</blockquote>;
    case 'list': {
      const items = block.items.map((item, index) => <li key={index}>{listItem(item)}</li>);
      return block.ordered ? (
        <ol key={key} start={block.start}>
          {items}
        </ol>
      ) : (
        <ul key={key}>{items}</ul>
      );
    }
    case 'table':
      return (
        <table key={key} className="table">
          <thead>
            <tr>
              {block.head.map((text, index) => (
                <th key={index} scope="col">
                  {inline(text)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {block.rows.map((row, index) => (
              <tr key={index}>
                {row.map((text, column) => (
                  <td key={column}>{inline(text)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      );
  }
}

// A tight item is one line of text without a paragraph around it.
function listItem(blocks: Block[]): ReactNode {
  return blocks.map((block, index) =>
    block.kind === 'paragraph' ? (
      <Fragment key={index}>{inline(block.text)}</Fragment>
    ) : (
      blockElement(block, index)
    ),
  );
}

function inline(parts: Inline[]): ReactNode {
  return parts.map((part, key) => {
    switch (part.kind) {
      case 'text':
        return part.text;
      case 'code':
        return <code key={key}>{part.text}</code>;
      case 'strong':
        return <strong key={key}>{inline(part.children)}</strong>;
      case 'em':
        return <em key={key}>{inline(part.children)}</em>;
      case 'strike':
        return <s key={key}>{inline(part.children)}</s>;
      case 'break':
        return <br key={key} />;
      case 'link':
        return (
          <a key={key} href={part.href} rel="noopener noreferrer">
            {inline(part.children)}
          </a>
        );
    }
  });
}
