function begin(of) {
  at('open').replaceChildren(element('h1', {}, 'rtctl console: ' + of));
}

enter();
