// Compares findings with the accepted ones.

// compare returns the findings that no entry accepts, and the entries that accept no finding.
export function compare(findings, accepted) {
  const accepts = (entry, found) => entry.rule === found.rule && new RegExp(`^(${entry.resource})$`).test(found.resource);
  return {
    open: findings.filter((found) => !accepted.some((entry) => accepts(entry, found))),
    idle: accepted.filter((entry) => !findings.some((found) => accepts(entry, found))),
    bare: accepted.filter((entry) => !entry.reason),
  };
}
