// One request as a program in each language: {method, url, headers: [[name, value]], body}. A header whose value is
// fromEnvironment has the API key, which no sample contains: it is read from the environment.

const fromEnvironment = Symbol('Bearer API_KEY');
const note = 'API_KEY comes from the environment: set -a; . .local/credentials.env; set +a';
const quoted = (text) => JSON.stringify(text); // a string in JavaScript, Python and Go alike
const orKey = (value, key) => (value === fromEnvironment ? key : quoted(value));
const hasKey = ({ headers }) => headers.some(([, value]) => value === fromEnvironment);

/** A body over several lines where the language can say it as it is. */
const literal = (text, mark, unless) => (text.includes('\n') && !unless.test(text) ? mark + text + mark : quoted(text));

const samples = {
  curl(request) {
    const inShell = (text) => "'" + text.replaceAll("'", "'\\''") + "'";
    const lines = ['curl -i -X ' + request.method + ' ' + inShell(request.url)];
    for (const [name, value] of request.headers) {
      const isKey = value === fromEnvironment;
      lines.push('-H ' + (isKey ? '"' + name + ': Bearer $API_KEY"' : inShell(name + ': ' + value)));
    }
    if (request.body) lines.push('--data-raw ' + inShell(request.body));
    return (hasKey(request) ? '# ' + note + '\n' : '') + lines.join(' \\\n  ') + '\n';
  },

  Node(request) {
    const headers = request.headers.map(([name, value]) =>
      '    ' + quoted(name) + ': ' + orKey(value, '`Bearer ${process.env.API_KEY}`') + ',\n');
    return '// a module: sample.mjs\n' + (hasKey(request) ? '// ' + note + '\n' : '') +
      'const answer = await fetch(' + quoted(request.url) + ', {\n  method: ' + quoted(request.method) + ',\n' +
      (headers.length ? '  headers: {\n' + headers.join('') + '  },\n' : '') +
      (request.body ? '  body: ' + literal(request.body, '`', /[`\\$\r]/) + ',\n' : '') +
      '});\nconsole.log(answer.status, await answer.text());\n';
  },

  Python(request) {
    const headers = request.headers.map(([name, value]) =>
      '        ' + quoted(name) + ': ' + orKey(value, '"Bearer " + os.environ["API_KEY"]') + ',\n');
    return (hasKey(request) ? '# ' + note + '\nimport os\n' : '') + 'import urllib.error\nimport urllib.request\n\n' +
      'request = urllib.request.Request(\n    ' + quoted(request.url) + ',\n' +
      '    method=' + quoted(request.method) + ',\n' +
      (headers.length ? '    headers={\n' + headers.join('') + '    },\n' : '') +
      (request.body ? '    data=' + literal(request.body, '"""', /"""|"$|[\\\r]/) + '.encode(),\n' : '') +
      ')\ntry:\n    answer = urllib.request.urlopen(request)\n' +
      'except urllib.error.HTTPError as refused:\n    answer = refused\n' +
      'print(answer.status, answer.read().decode())\n';
  },

  Go(request) {
    const packages = ['fmt', 'io', 'log', 'net/http'];
    if (hasKey(request)) packages.push('os');
    if (request.body) packages.push('strings');
    const body = request.body ? '\tbody := strings.NewReader(' + literal(request.body, '`', /[`\r]/) + ')\n' : '';
    const headers = request.headers.map(([name, value]) =>
      '\trequest.Header.Set(' + quoted(name) + ', ' + orKey(value, '"Bearer "+os.Getenv("API_KEY")') + ')\n');
    const stop = '\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n';
    return (hasKey(request) ? '// ' + note + '\n' : '') + 'package main\n\nimport (\n' +
      packages.map((one) => '\t' + quoted(one) + '\n').join('') + ')\n\nfunc main() {\n' + body +
      '\trequest, err := http.NewRequest(' + quoted(request.method) + ', ' + quoted(request.url) +
      (body ? ', body' : ', nil') + ')\n' + stop +
      headers.join('') +
      '\tanswer, err := http.DefaultClient.Do(request)\n' + stop + '\tdefer answer.Body.Close()\n' +
      '\ttext, err := io.ReadAll(answer.Body)\n' + stop + '\tfmt.Println(answer.StatusCode, string(text))\n}\n';
  },
};
