"""What the exported programs use of the package requests, for where it is not installed."""
import http.client
import urllib.parse
import uuid


class Response:
    def __init__(self, status_code, text):
        self.status_code = status_code
        self.text = text


def request(method, url, headers=None, data=None, files=None, allow_redirects=True, timeout=None):
    headers = dict(headers or {})
    if hasattr(data, "read"):
        data = data.read()
    if files is not None:
        boundary = uuid.uuid4().hex
        data = b""
        for name, (file_name, content, *content_type) in files:
            content = content.read() if hasattr(content, "read") else content.encode()
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
            if file_name is not None:
                head += f'; filename="{file_name}"'
            if content_type:
                head += f"\r\nContent-Type: {content_type[0]}"
            data += head.encode() + b"\r\n\r\n" + content + b"\r\n"
        data += f"--{boundary}--\r\n".encode()
        headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"



    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
    target = parts.path + ("?" + parts.query if parts.query else "")
    connection.request(method, target, body=data, headers=headers)
    answer = connection.getresponse()
    return Response(answer.status, answer.read().decode())
