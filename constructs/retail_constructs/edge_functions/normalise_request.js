// Runs before the cache, on every request: the same thing asked for in two ways becomes one request.
// CloudFront JavaScript runtime 2.0. It has a millisecond, so: no loops over anything a visitor can make long but once.

// What tells where a visitor came from, and changes no page.
var TRACKING = /^(utm_[a-z]+|gclid|fbclid|msclkid|mc_[ce]id)$/;

// With these a visitor could tell the shop another address than the one that was asked for.
var NOT_FOR_VISITORS = ['x-forwarded-host', 'x-original-url', 'x-rewrite-url', 'x-origin-verify'];

function handler(event) {
  var request = event.request;
  NOT_FOR_VISITORS.forEach(function (name) { delete request.headers[name]; });

  if (request.uri.startsWith('/static/') || request.uri.startsWith('/images/')) {
    // Files: the address is all that counts.
    request.querystring = {};
    request.cookies = {};
    return request;
  }
  if (request.uri.startsWith('/api/')) return request;  // programs mean what they say

  // Backslashes too: a browser would take a location of `/\\elsewhere` for another host.
  var path = request.uri.replace(/[\/\\]+/g, '/');
  if (path.length > 1 && path.endsWith('/')) path = path.slice(0, -1);
  if (path !== request.uri && (request.method === 'GET' || request.method === 'HEAD')) {
    return moved(path, request.querystring);
  }
  request.querystring = withoutTracking(request.querystring);
  return request;
}

// Parameters by name, without those that only track.
function withoutTracking(query) {
  var kept = {};
  Object.keys(query).sort().forEach(function (name) {
    if (!TRACKING.test(name)) kept[name] = query[name];
  });
  return kept;
}

// To the one address that a page has. CloudFront hands names and values over as they were sent, encoded.
function moved(path, query) {
  var parameters = [];
  Object.keys(withoutTracking(query)).forEach(function (name) {
    (query[name].multiValue || [query[name]]).forEach(function (one) { parameters.push(name + '=' + one.value); });
  });
  var location = path + (parameters.length ? '?' + parameters.join('&') : '');
  return { statusCode: 301, statusDescription: 'Moved Permanently', headers: { location: { value: location } } };
}
