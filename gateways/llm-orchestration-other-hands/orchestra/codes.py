"""The error codes, their statuses, and the body they travel in."""
from gatewire import jsonbody

HTTP = {
    1000: 400, 1001: 400, 1002: 502, 1003: 504, 1004: 400,
    1100: 400, 1101: 400, 1102: 502,
    1200: 400, 1201: 502,
    1300: 404, 1301: 503, 1302: 503, 1303: 409,
    1400: 429, 1401: 402, 1402: 402, 1403: 429,
    1500: 401, 1501: 403, 1502: 401, 1503: 403,
    1600: 400, 1601: 400, 1602: 400,
    1700: 400, 1701: 404,
    1800: 404, 1801: 400,
    1900: 500, 1901: 500,
    2000: 500, 2001: 503, 2002: 504,
}


class Err(Exception):
    def __init__(self, number, message, headers=()):
        super().__init__(message)
        self.number, self.message, self.headers = number, message, list(headers)
        self.status = HTTP[number]


def body(err, flaw):
    http = 500 if err.number == 1002 and flaw("http-field-off") else err.status
    return jsonbody.dump({"error": {"code": f"LLM_{err.number}", "message": err.message,
                                    "http": http}})


def event(err, flaw):
    return b"data: " + body(err, flaw) + b"\n\n"
