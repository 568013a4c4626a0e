// The filter language: a subset of https://google.aip.dev/160. AND and OR cannot be mixed without parentheses, because AIP-160
// gives OR the higher precedence and nearly every other language AND.

{{
  const quoted = (characters, closed, fail) => {
    if (closed === null) fail('the closing quote is missing');
    return characters.join('');
  };
}}

Filter = _ @Expression _

Expression
  = first:Term rest:Joined* {
      const mixed = rest.find(({ joiner }) => joiner !== rest[0].joiner);
      if (mixed !== undefined) error('AND and OR are mixed: put one of them in parentheses', mixed.place);
      if (rest.length === 0) return first;
      return { kind: rest[0].joiner === 'AND' ? 'and' : 'or', of: [first, ...rest.map(({ term }) => term)] };
    }

Joined = _ joiner:Joiner _ term:Term { return { ...joiner, term }; }

Joiner = joiner:("AND" / "OR") !Letter { return { joiner, place: location() }; }

Term
  = "NOT" !Letter _ of:Term { return { kind: 'not', of }; }
  / "(" _ @Expression _ ")"
  / Comparison

Comparison
  = field:Field _ operator:Operator _ value:Value { return { kind: 'comparison', field, operator, value }; }

Field "a field"
  = !(("AND" / "OR" / "NOT") !Letter) name:$(Name ("." Name)*) { return { name, at: offset() }; }

Operator "an operator (= != < <= > >= :)"
  = operator:("!=" / "<=" / ">=" / "=" / "<" / ">" / ":") { return { name: operator, at: offset() }; }

Value "a value"
  = of:(Text / Number / Word) { return { of, at: offset() }; }

Text
  = '"' text:(Escaped / [^"\\])* closed:'"'? { return quoted(text, closed, error); }
  / "'" text:(Escaped / [^'\\])* closed:"'"? { return quoted(text, closed, error); }

Escaped = "\\" @.

Number = digits:$("-"? [0-9]+ ("." [0-9]+)?) ![A-Za-z0-9_.:+-] { return Number(digits); }

Word
  = "true" !Letter { return true; }
  / "false" !Letter { return false; }
  / "null" !Letter { return null; }
  / word:$[^\u0020()"']+ { error(`put text and instants in quotes: "${word}"`); }

Name = [A-Za-z_] Letter*

Letter = [A-Za-z0-9_]

_ "space" = " "*
