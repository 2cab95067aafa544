"""Files of parameters between PyTorch and wengert; see tests/interop.rs.

    python interop.py write         writes net.safetensors, net64.safetensors and net.json here
    python interop.py check FILE    loads FILE into the network, strictly, and prints its
                                    predictions for the inputs of net.json

Made with torch 2.15.0 and safetensors 0.8.0.
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file
from torch import nn

HERE = pathlib.Path(__file__).parent


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden1 = nn.Linear(4, 8)
        self.network = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 3))

    def forward(self, x):
        return self.network(torch.tanh(self.hidden1(x)))


def write():
    torch.manual_seed(42)
    net = Net().eval()
    x = torch.randn(5, 4)
    with torch.no_grad():
        y = net(x)
    save_file(net.state_dict(), HERE / "net.safetensors")
    save_file(net.double().state_dict(), HERE / "net64.safetensors")
    (HERE / "net.json").write_text(json.dumps({"x": x.tolist(), "y": y.tolist()}) + "\n")


def check(path):
    net = Net().eval()
    net.load_state_dict(load_file(path))
    x = torch.tensor(json.loads((HERE / "net.json").read_text())["x"])
    with torch.no_grad():
        print(json.dumps(net(x).tolist()))


if __name__ == "__main__":
    write() if sys.argv[1] == "write" else check(sys.argv[2])
