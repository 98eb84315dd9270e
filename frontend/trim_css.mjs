// Leaves out rules of a bought style sheet that no template, form or script can ever match.

/** Splits CSS into its top-level pieces: `{head, body}` for rules and at-rules, `{head}` for statements. */
function* pieces(css) {
  let start = 0;
  while (start < css.length) {
    const open = css.indexOf("{", start);
    const semicolon = css.indexOf(";", start);
    if (open < 0) return;
    if (semicolon >= 0 && semicolon < open) {
      yield { head: css.slice(start, semicolon).trim() };
      start = semicolon + 1;
      continue;
    }
    let depth = 1;
    let end = open + 1;
    for (; depth && end < css.length; end++) {
      if (css[end] === "{") depth++;
      else if (css[end] === "}") depth--;
    }
    yield { head: css.slice(start, open).trim(), body: css.slice(open + 1, end - 1) };
    start = end;
  }
}

function splitSelectors(head) {
  const parts = [""];
  let depth = 0;
  for (const sign of head) {
    if (sign === "(") depth++;
    if (sign === ")") depth--;
    if (sign === "," && !depth) parts.push("");
    else parts[parts.length - 1] += sign;
  }
  return parts;
}

/** A selector can match when all its classes are known; classes inside `:not(...)` do not count. */
function canMatch(selector, known) {
  const positive = selector.replace(/:not\([^)]*\)/g, "");
  return [...positive.matchAll(/\.([a-zA-Z_-][\w-]*)/g)].every(([, name]) => known.has(name));
}

export function trim(css, known) {
  let kept = "";
  for (const { head, body } of pieces(css.replace(/\/\*[\s\S]*?\*\//g, ""))) {
    if (body === undefined) {
      kept += `${head};`;
    } else if (/^@(media|supports|layer|container)/.test(head)) {
      const inner = trim(body, known);
      if (inner) kept += `${head}{${inner}}`;
    } else if (head.startsWith("@")) {
      kept += `${head}{${body}}`;
    } else {
      const selectors = splitSelectors(head).filter((selector) => canMatch(selector, known));
      if (selectors.length) kept += `${selectors.join(",")}{${body}}`;
    }
  }
  return kept;
}

/** Every word that could be a class in these texts. */
export function wordsOf(texts) {
  return new Set(texts.flatMap((text) => text.match(/[a-zA-Z][\w-]*/g) ?? []));
}
