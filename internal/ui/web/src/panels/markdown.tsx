import { Fragment, type ReactNode } from 'react';
import { parse, type Block, type Inline } from './markdown-parser';

/** Markdown as React elements: HTML in the source stays text, and nothing is ever parsed as HTML. */
export function Markdown({ source }: { source: string }) {
  return <div className="prose">{blocks(parse(source), [])}</div>;
}

/** `above` are the levels of the headings that the next one stands below, as the source counts them. */
function blocks(list: Block[], above: number[]): ReactNode[] {
  return list.map((block, index) => blockElement(block, index, above));
}

// Panel titles are h3. What is inside ranks below, one step at a time however the source counts.
const ranks = ['h4', 'h5', 'h6'] as const;

function blockElement(block: Block, key: number, above: number[]): ReactNode {
  switch (block.kind) {
    case 'heading': {
      while ((above.at(-1) ?? 0) >= block.level) above.pop();
      above.push(block.level);
      const Rank = ranks[above.length - 1] ?? 'h6';
      return <Rank key={key}>{inline(block.text)}</Rank>;
    }
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
      return <blockquote key={key}>{blocks(block.blocks, above)}</blockquote>;
    case 'list': {
      const items = block.items.map((item, index) => <li key={index}>{listItem(item, above)}</li>);
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
function listItem(list: Block[], above: number[]): ReactNode {
  return list.map((block, index) =>
    block.kind === 'paragraph' ? (
      <Fragment key={index}>{inline(block.text)}</Fragment>
    ) : (
      blockElement(block, index, above)
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
